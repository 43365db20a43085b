"""Bytes as texts, and the parts of URLs."""

from conformance.behaviour import Json, fails, value

BEHAVIOURS = [
    value(
        "text-base64-of-binary",
        "BASE64_ENCODE takes the bytes of a BINARY.",
        "sql-reference/functions/base64_encode",
        "base64_encode(to_binary('48454C50'))",
        "SEVMUA==",
    ),
    value(
        "binary-to-text",
        "TO_VARCHAR writes a BINARY in a format.",
        "sql-reference/functions/to_char",
        "to_varchar(to_binary('SNOW', 'utf-8'), 'HEX')",
        "534E4F57",
    ),
    value(
        "text-parse-url",
        "PARSE_URL's host holds a user; its scheme is in lower case (from memory).",
        "sql-reference/functions/parse_url",
        "parse_url('HTTP://USER:PASS@EXAMPLE.INT:4345/HELLO.PHP?USER=1')",
        Json(
            {
                "fragment": None,
                "host": "USER:PASS@EXAMPLE.INT",
                "parameters": {"USER": "1"},
                "path": "HELLO.PHP",
                "port": "4345",
                "query": "USER=1",
                "scheme": "http",
            }
        ),
    ),
    value(
        "text-parse-url-mail",
        "PARSE_URL takes a URI without a host.",
        "sql-reference/functions/parse_url",
        "parse_url('mailto:abc@xyz.com'):path::varchar",
        "abc@xyz.com",
    ),
    fails(
        "text-parse-url-no-scheme",
        "PARSE_URL wants a scheme.",
        "sql-reference/functions/parse_url",
        ["select parse_url('example.int/hello.php?user=12#nofragment', 0) as x"],
        100139,
    ),
    value(
        "text-parse-url-permissive",
        "A permissive PARSE_URL tells the error.",
        "sql-reference/functions/parse_url",
        "parse_url('example.int/hello.php?user=12#nofragment', 1)",
        Json({"error": "scheme not specified"}),
    ),
]
