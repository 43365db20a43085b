"""Regular expressions: parameters, positions, occurrences, groups."""

from conformance.behaviour import Json, fails, value

_F = "sql-reference/functions/"
_REGEXP = "sql-reference/functions-regexp"
_TIMES = "'It was the best of times, it was the worst of times.'"

BEHAVIOURS = [
    value(
        "regexp-instr-occurrence",
        "REGEXP_INSTR finds an occurrence.",
        _F + "regexp_instr",
        r"regexp_instr('nevermore1, nevermore2, nevermore3.', 'nevermore\\d', 1, 3)",
        25,
    ),
    value(
        "regexp-instr-after",
        "With option 1, REGEXP_INSTR tells what follows the match.",
        _F + "regexp_instr",
        r"regexp_instr('nevermore1, nevermore2, nevermore3.', 'nevermore\\d', 1, 3, 1)",
        35,
    ),
    value(
        "regexp-instr-group",
        "REGEXP_INSTR tells where a group is.",
        _F + "regexp_instr",
        rf"regexp_instr({_TIMES}, 'the\\W+(\\w+)', 1, 2, 0, 'e', 1)",
        38,
    ),
    value(
        "regexp-instr-none",
        "REGEXP_INSTR without a match is 0.",
        _F + "regexp_instr",
        "regexp_instr('nevermore', 'nevermore', 1, 4)",
        0,
    ),
    value(
        "regexp-substr-group",
        "With 'e', REGEXP_SUBSTR gives the first group.",
        _F + "regexp_substr",
        rf"regexp_substr({_TIMES}, 'the\\W+(\\w+)', 1, 2, 'e')",
        "worst",
    ),
    value(
        "regexp-substr-group-implied",
        "A group number implies 'e'.",
        _F + "regexp_substr",
        rf"regexp_substr({_TIMES}, 'the\\W+(\\w+)', 1, 2, '', 1)",
        "worst",
    ),
    value(
        "regexp-substr-position",
        "REGEXP_SUBSTR looks at the text from a position on, as if it began there.",
        _F + "regexp_substr",
        r"regexp_substr('Hellooo World', '\\b\\S*o\\S*\\b', 3)",
        "llooo",
    ),
    value(
        "regexp-substr-folded",
        "With 'i', REGEXP_SUBSTR minds no case.",
        _F + "regexp_substr",
        r"regexp_substr('PACK MY BOX WITH FIVE DOZEN LIQUOR JUGS', '\\b\\S*o\\S*\\b', 3, 3, 'i')",
        "LIQUOR",
    ),
    value(
        "regexp-substr-class",
        "A pattern may have POSIX's classes.",
        _REGEXP,
        r"regexp_substr('Customers - (NY)', '\\([[:alnum:]]+\\)')",
        "(NY)",
    ),
    value(
        "regexp-substr-dollars",
        "Between $$, a backslash is one.",
        _REGEXP,
        r"regexp_substr('Customers - (NY)', $$\([[:alnum:]]+\)$$)",
        "(NY)",
    ),
    value(
        "regexp-substr-all",
        "REGEXP_SUBSTR_ALL gives the group of each match.",
        _F + "regexp_substr_all",
        "regexp_substr_all('a1_a2a3_a4A5a6', '(a)([[:digit:]])', 1, 1, 'ie')",
        Json(["a", "a", "a", "a", "A", "a"]),
    ),
    value(
        "regexp-substr-all-from",
        "REGEXP_SUBSTR_ALL begins with an occurrence.",
        _F + "regexp_substr_all",
        "regexp_substr_all('a1_a2a3_a4A5a6', 'a[[:digit:]]', 1, 3)",
        Json(["a3", "a4", "a6"]),
    ),
    value(
        "regexp-count",
        "REGEXP_COUNT takes a position and parameters.",
        _F + "regexp_count",
        "regexp_count('Excelence', 'e', 1, 'i') * 10 + regexp_count('Excelence', 'e')",
        43,
    ),
    value(
        "regexp-count-case",
        "Of 'c' and 'i', the last counts.",
        _REGEXP,
        "regexp_count('snow', 'SNOW', 1, 'ci') * 10 + regexp_count('snow', 'SNOW', 1, 'ic')",
        10,
    ),
    value(
        "regexp-count-empty",
        "The empty pattern matches nothing.",
        _REGEXP,
        "regexp_count('abc', '')",
        0,
    ),
    value(
        "regexp-replace-occurrence",
        "REGEXP_REPLACE replaces one occurrence.",
        _F + "regexp_replace",
        f"regexp_replace({_TIMES}, 'times', 'days', 1, 2)",
        "It was the best of times, it was the worst of days.",
    ),
    value(
        "regexp-replace-references",
        "A replacement refers to groups.",
        _F + "regexp_replace",
        r"regexp_replace('firstname middlename lastname', '(.*) (.*) (.*)', '\\3, \\1 \\2')",
        "lastname, firstname middlename",
    ),
    value(
        "regexp-replace-between",
        "The empty group matches between characters.",
        _F + "regexp_replace",
        "regexp_replace('Hello', '()', '*')",
        "*H*e*l*l*o*",
    ),
    value(
        "regexp-replace-position",
        "REGEXP_REPLACE begins at a position.",
        _F + "regexp_replace",
        r"regexp_replace('How are you doing today?', '\\b(\\S*)o(\\S*)\\b', '\\2@@\\1', 3, 3, 'i')",
        "How are you doing day@@t?",
    ),
    value(
        "regexp-like-parameters",
        "RLIKE takes parameters; with 's' a dot is a newline too.",
        _F + "rlike",
        r"rlike('San Jose', 'san.*', 'i') and regexp_like('a\nb', 'a.b', 's')"
        r" and not regexp_like('a\nb', 'a.b')",
        True,
    ),
    value(
        "regexp-like-null",
        "NOT RLIKE of NULL is NULL.",
        _F + "rlike",
        "not rlike(null, 'a')",
        None,
    ),
    fails(
        "regexp-no-back-reference",
        "A pattern has no back-references.",
        _REGEXP,
        [r"select regexp_count('aa', '(a)\\1') as x"],
    ),
]
