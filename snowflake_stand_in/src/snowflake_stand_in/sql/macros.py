"""Functions of Snowflake that DuckDB lacks, as macros of every database.

An array is JSON here. `{place}` is where the macros live.
"""

from snowflake_stand_in.sql.json_values import UNDEFINED

_OBJECTS = r"""
create or replace macro {place}_fs_member(o, k) as (
    json_extract(to_json(o), '$."' || k || '"')
);
"""

# `prefix` is the PATH option, `kind` ARRAY, OBJECT or BOTH
_FLATTEN = r"""
create or replace macro {place}_fs_parts(j, kind) as (
    case
        when kind in ('OBJECT', 'BOTH') and json_type(j) = 'OBJECT' then list_transform(
            list_sort(json_keys(j)),
            lambda _x: {{'k': _x, 'i': null::bigint, 'v': {place}_fs_member(j, _x)}}
        )
        when kind in ('ARRAY', 'BOTH') and json_type(j) = 'ARRAY' then list_filter(
            list_transform(
                j::json[],
                lambda _x, _n: {{'k': null::varchar, 'i': _n - 1, 'v': coalesce(_x, 'null'::json)}}
            ),
            lambda _x: _x.v != '"{undefined}"'
        )
    end
);

create or replace macro {place}_fs_at(j, prefix) as (
    json_extract(
        to_json(j),
        case when prefix = '' or starts_with(prefix, '[') then '$' else '$.' end || prefix
    )
);

create or replace macro {place}_fs_step(prefix, k, i) as (
    prefix || case
        when i is not null then '[' || i || ']'
        when k is null then ''
        when not regexp_full_match(k, '[A-Za-z_][A-Za-z0-9_$]*') then '[''' || k || ''']'
        when prefix = '' then k
        else '.' || k
    end
);

create or replace macro {place}_fs_flatten(seq, input, prefix, kind, outer_)
as table
    select
        coalesce(seq, hash(_fs_j)::ubigint) as SEQ,
        _fs_e.k as KEY,
        case when _fs_e.v is null then '' else {place}_fs_step(prefix, _fs_e.k, _fs_e.i) end
            as PATH,
        _fs_e.i as INDEX,
        _fs_e.v as VALUE,
        case when json_type(_fs_j) in ('OBJECT', 'ARRAY') then _fs_j end as THIS
    from (
        select
            _fs_j,
            unnest(
                case
                    when outer_ and coalesce(len(_fs_l), 0) = 0
                        then [{{'k': null::varchar, 'i': null::bigint, 'v': null::json}}]
                    else _fs_l
                end
            ) as _fs_e
        from (
            select _fs_j, {place}_fs_parts(_fs_j, kind) as _fs_l
            from (select {place}_fs_at(input, prefix) as _fs_j)
        )
    );

create or replace macro {place}_fs_flatten_rows(seq, input, prefix, outer_, recursive_, kind)
as table
    select
        coalesce(seq, hash(_fs_j)::ubigint) as SEQ,
        _fs_e.k as KEY,
        _fs_e.p as PATH,
        _fs_e.i as INDEX,
        _fs_e.v::json as VALUE,
        _fs_e.t::json as THIS
    from (
        select
            _fs_j,
            unnest(from_json(
                _fs_call(
                    'flatten',
                    [_fs_j, to_json(prefix), to_json(outer_), to_json(recursive_), to_json(kind)]
                ),
                '[{{"k": "TEXT", "p": "TEXT", "i": "BIGINT", "v": "TEXT", "t": "TEXT"}}]'
            )) as _fs_e
        from (select to_json(input) as _fs_j)
    );

create or replace macro {place}_fs_split_to_table(seq, x, separator) as table
    select coalesce(seq, hash(_fs_l)::ubigint) as SEQ, _fs_n as INDEX, _fs_l[_fs_n] as VALUE
    from (
        select _fs_l, unnest(range(1, len(_fs_l) + 1)) as _fs_n
        from (select string_split(x, separator) as _fs_l)
    );
"""

_SCALARS = r"""
create or replace macro {place}_fs_octets(x blob) as octet_length(x), (x varchar) as strlen(x);

create or replace macro {place}_fs_bits(x blob) as 8 * octet_length(x),
    (x varchar) as 8 * strlen(x);

create or replace macro {place}_fs_unhex(x) as (
    case
        when length(x) % 2 = 1
            then error('The following string is not a legal hex-encoded value: ''' || x || '''')
        else unhex(x)
    end
);

create or replace macro {place}_fs_try_unhex(x) as (
    case when length(x) % 2 = 0 then try(unhex(x)) end
);

create or replace macro {place}_fs_base64(x blob) as to_base64(x),
    (x varchar) as to_base64(encode(x));

create or replace macro {place}_fs_edit_distance(a, b) as (
    case
        when strlen(a) = length(a) and strlen(b) = length(b) then levenshtein(a, b)
        else _fs_call('edit_distance', [to_json(a), to_json(b)])::bigint
    end
);

create or replace macro {place}_fs_finite(x) as (
    case
        when isfinite(x) or x is null then x
        else error('Invalid floating point operation')
    end
);

create or replace macro {place}_fs_getbit(x, place_) as (
    case
        when place_ between 0 and 62 then (x::bigint >> place_::bigint) & 1
        when place_ is not null then error('Invalid bit position in GETBIT: ' || place_)
    end
);

create or replace macro {place}_fs_width_bucket(x, low, high, buckets) as (
    case
        when x < low then 0
        when x >= high then buckets + 1
        when x is not null
            then (floor((x - low)::double * buckets / (high - low)::double) + 1)::bigint
    end
);

create or replace macro {place}_fs_marked(x) as (
    contains(x, 'x') or contains(x, 'X') or contains(x, 'b') or contains(x, 'B')
    or contains(x, '_')
    or (regexp_matches(x, '[eE][+]?[0-9]{{3}}|[0-9]{{309}}') and isinf(try_cast(x as double)))
);

create or replace macro {place}_fs_numeric_or_null(x) as (
    case when not {place}_fs_marked(x) then x end
);

create or replace macro {place}_fs_numeric(x) as (
    case
        when {place}_fs_marked(x)
            then error('Could not convert string ''' || x || ''' to NUMBER')
        else x
    end
);
"""

# What typed.py writes
_TYPED = r"""
create or replace macro {place}_fs_quotient(n, d) as (
    (2 * abs(n) + abs(d)) // (2 * abs(d)) * sign(n) * sign(d)
);

create or replace macro {place}_fs_float_json(x) as (
    (x::varchar || case when contains(x::varchar, 'e') then '' else 'e0' end)::json
);

create or replace macro {place}_fs_variant_text(v) as (
    case json_type(v)
        when 'DOUBLE' then case
            when regexp_matches(v::varchar, '[eE]') then {place}_fs_float_text(v::double)
            else trim(v::varchar)
        end
        when 'OBJECT' then _fs_text_call('to_text', [v])
        when 'ARRAY' then _fs_text_call('to_text', [v])
        else json_extract_string(v, '$')
    end
);

create or replace macro {place}_fs_variant_key(v) as (
    case
        when v is null then null
        when json_type(v) = 'VARCHAR' then '"' || json_extract_string(v, '$')
        when json_type(v) in ('NULL', 'BOOLEAN', 'UBIGINT', 'BIGINT') then trim(v::varchar)
        else _fs_text_call('variant_key', [v])
    end
);

-- The reference shows ten digits of a fraction; of whole numbers it shows none so long
create or replace macro {place}_fs_float_text(x) as (
    list_transform([x::double], lambda _x: case
        when abs(_x) >= 1e10 and abs(_x) < 1e15 and _x = floor(_x)
            then error('Unsupported feature: the text of a whole FLOAT of more than ten digits')
        else printf('%.10g', _x)
    end)[1]
);

create or replace macro {place}_fs_boolean(x) as (
    -- In a lambda, so that x is computed once
    list_transform([x], lambda _x: case
        when lower(_x) in ('true', 't', 'yes', 'y', 'on', '1') then true
        when lower(_x) in ('false', 'f', 'no', 'n', 'off', '0') then false
        when _x is not null
            then error('Could not convert string ''' || _x || ''' to BOOL')::boolean
    end)[1]
);

create or replace macro {place}_fs_complete(r) as (
    not regexp_matches(
        regexp_replace(r::varchar, '''(?:[^''\\]|\\.)*''', '', 'g'), ': NULL[,}}]'
    )
);

create or replace macro {place}_fs_any(x) as (
    case
        when coalesce(bool_or(x), false) then true
        when coalesce(bool_or(x is null), false) then null
        else false
    end
);

create or replace macro {place}_fs_median(x) as median(x);

create or replace macro {place}_fs_nonzero(x) as (
    case when x = 0 then error('Division by zero') else x end
);

create or replace macro {place}_fs_comparable(v) as (
    case coalesce(json_type(v), 'NULL')
        when 'VARCHAR' then json_extract_string(v, '$')
        when 'NULL' then null
        else error('Unsupported feature: comparing a VARIANT that is no text with a text: cast it')
    end
);

create or replace macro {place}_fs_fit(x, n) as (
    case
        when length(x::varchar) > n
            then error('String ''' || x || ''' is too long and would be truncated')
        else x::varchar
    end
);
"""


def creation_sql(place: str) -> str:
    """Return the statements that make the macros in `place`, a database's name and a dot."""
    return "".join((_OBJECTS, _FLATTEN, _SCALARS, _TYPED)).format(place=place, undefined=UNDEFINED)
