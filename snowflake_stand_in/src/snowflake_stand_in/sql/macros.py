"""Functions of Snowflake that DuckDB lacks, as macros of every database.

An array is JSON here. `{place}` is where the macros live.
"""

_ARRAYS = r"""
create or replace macro {place}_fs_array_slice(a, low, high) as (
    to_json(list_slice(
        to_json(a)::json[],
        case when low < 0 then greatest(json_array_length(to_json(a)) + low, 0) else low end + 1,
        case when high < 0 then json_array_length(to_json(a)) + high else high end
    ))
);

create or replace macro {place}_fs_array_to_string(a, separator) as (
    array_to_string(
        list_transform(to_json(a)::json[], lambda _x: coalesce(json_extract_string(_x, '$'), '')),
        separator
    )
);

create or replace macro {place}_fs_array_position(a, x) as (
    list_position(to_json(a)::json[], to_json(x)) - 1
);

create or replace macro {place}_fs_array_remove(a, x) as (
    to_json(list_filter(to_json(a)::json[], lambda _e: _e != to_json(x)))
);

create or replace macro {place}_fs_array_remove_at(a, i) as (
    to_json(list_filter(
        to_json(a)::json[],
        lambda _e, _n: _n != case when i < 0 then json_array_length(to_json(a)) + i else i end + 1
    ))
);

create or replace macro {place}_fs_array_insert(a, i, x) as (
    case
        when i < 0 or i > json_array_length(to_json(a))
            then error('Unsupported feature: ARRAY_INSERT outside the array')
        else to_json(list_concat(
            list_slice(to_json(a)::json[], 1, i),
            [coalesce(to_json(x), 'null'::json)],
            list_slice(to_json(a)::json[], i + 1, json_array_length(to_json(a)))
        ))
    end
);

create or replace macro {place}_fs_array_compact(a) as (
    to_json(list_filter(to_json(a)::json[], lambda _e: _e is not null))
);

create or replace macro {place}_fs_array_distinct(a) as (
    to_json(list_filter(
        to_json(a)::json[], lambda _e, _n: list_position(to_json(a)::json[], _e) = _n
    ))
);

create or replace macro {place}_fs_sorted(a) as (
    list_transform(
        list_sort(list_transform(
            list_filter(to_json(a)::json[], lambda _e: _e is not null),
            lambda _e: {{
                'n': try_cast(_e::varchar as double), 't': json_extract_string(_e, '$'), 'e': _e
            }}
        )),
        lambda _s: _s.e
    )
);

create or replace macro {place}_fs_array_sort(a) as (
    to_json(list_concat(
        {place}_fs_sorted(a),
        list_filter(to_json(a)::json[], lambda _e: _e is null)
    ))
);

create or replace macro {place}_fs_array_min(a) as (({place}_fs_sorted(a))[1]);

create or replace macro {place}_fs_array_max(a) as (({place}_fs_sorted(a))[-1]);

create or replace macro {place}_fs_count(l, x) as (len(list_filter(l, lambda _m: _m = x)));

create or replace macro {place}_fs_array_except(a, b) as (
    to_json(list_filter(
        to_json(a)::json[],
        lambda _e, _n: {place}_fs_count(list_slice(to_json(a)::json[], 1, _n), _e)
            > {place}_fs_count(to_json(b)::json[], _e)
    ))
);

create or replace macro {place}_fs_array_intersection(a, b) as (
    to_json(list_filter(
        to_json(a)::json[],
        lambda _e, _n: {place}_fs_count(list_slice(to_json(a)::json[], 1, _n), _e)
            <= {place}_fs_count(to_json(b)::json[], _e)
    ))
);

create or replace macro {place}_fs_arrays_overlap(a, b) as (
    list_has_any(to_json(a)::json[], to_json(b)::json[])
);

create or replace macro {place}_fs_array_flatten(a) as (
    to_json(flatten(list_transform(to_json(a)::json[], lambda _e: _e::json[])))
);
"""

_OBJECTS = r"""
create or replace macro {place}_fs_member(o, k) as (
    json_extract(to_json(o), '$."' || k || '"')
);

create or replace macro {place}_fs_object_of(o, ks) as (
    (
        '{{'
        || coalesce(
            array_to_string(
                list_transform(
                    ks, lambda _k: to_json(_k)::varchar || ':' || {place}_fs_member(o, _k)::varchar
                ),
                ','
            ),
            ''
        )
        || '}}'
    )::json
);

create or replace macro {place}_fs_object_pick(o, ks) as (
    {place}_fs_object_of(
        o, list_filter(json_keys(to_json(o)), lambda _k: list_contains(ks, _k))
    )
);

create or replace macro {place}_fs_object_delete(o, ks) as (
    {place}_fs_object_of(
        o, list_filter(json_keys(to_json(o)), lambda _k: not list_contains(ks, _k))
    )
);

create or replace macro {place}_fs_object_insert(o, k, v, change) as (
    case
        when o is null or k is null then null
        when not change and list_contains(json_keys(to_json(o)), k)
            then error('Duplicate field key ''' || k || '''')
        when v is null then {place}_fs_object_delete(o, [k])
        else json_merge_patch({place}_fs_object_delete(o, [k]), json_object(k, to_json(v)))
    end
);

create or replace macro {place}_fs_url_part(url, n) as (
    nullif(regexp_extract(
        url,
        '^([A-Za-z][A-Za-z0-9+.-]*)://([^/?#:]*)(?::([0-9]+))?(?:/([^?#]*))?(?:[?]([^#]*))?(?:#(.*))?$',
        n
    ), '')
);

create or replace macro {place}_fs_parse_url(url, permissive) as (
    case
        when url is null then null
        when {place}_fs_url_part(url, 1) is null
            then case
                when permissive = 1 then json_object('error', 'Malformed URL: ' || url)
                else error('Error parsing URL: scheme not specified')
            end
        else json_object(
            'fragment', {place}_fs_url_part(url, 6),
            'host', {place}_fs_url_part(url, 2),
            'parameters', case when {place}_fs_url_part(url, 5) is not null then (
                select json_group_object(split_part(p, '=', 1), split_part(p, '=', 2))
                from unnest(string_split({place}_fs_url_part(url, 5), '&')) as t (p)
            ) end,
            'path', coalesce({place}_fs_url_part(url, 4), ''),
            'port', {place}_fs_url_part(url, 3),
            'query', {place}_fs_url_part(url, 5),
            'scheme', {place}_fs_url_part(url, 1)
        )
    end
);
"""

# `prefix` is the PATH option, `kind` ARRAY, OBJECT or BOTH
_FLATTEN = r"""
create or replace macro {place}_fs_parts(j, kind) as (
    case
        when kind in ('OBJECT', 'BOTH') and json_type(j) = 'OBJECT' then list_transform(
            json_keys(j), lambda _x: {{'k': _x, 'i': null::bigint, 'v': {place}_fs_member(j, _x)}}
        )
        when kind in ('ARRAY', 'BOTH') and json_type(j) = 'ARRAY' then list_transform(
            j::json[],
            lambda _x, _n: {{'k': null::varchar, 'i': _n - 1, 'v': coalesce(_x, 'null'::json)}}
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

create or replace macro {place}_fs_flatten(input, prefix := '', kind := 'BOTH', outer_ := false)
as table
    select
        hash(_fs_j)::ubigint as SEQ,
        _fs_e.k as KEY,
        case when _fs_e.v is null then '' else {place}_fs_step(prefix, _fs_e.k, _fs_e.i) end
            as PATH,
        _fs_e.i as INDEX,
        _fs_e.v as VALUE,
        _fs_j as THIS
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

create or replace macro {place}_fs_flatten_tree(input) as table
    select
        hash(_fs_j)::ubigint as SEQ,
        case when not ends_with(_fs_e.fullkey, ']') then _fs_e.key end as KEY,
        regexp_replace(
            regexp_replace(_fs_e.fullkey, '^[$][.]?', ''), '[.]?"([^"]+)"', '[''\1'']', 'g'
        ) as PATH,
        case when ends_with(_fs_e.fullkey, ']') then try_cast(_fs_e.key as bigint) end as INDEX,
        _fs_e.value::json as VALUE,
        json_extract(_fs_j, _fs_e.path) as THIS
    from (select to_json(input) as _fs_j), json_tree(_fs_j) as _fs_e
    where _fs_e.fullkey != '$';

create or replace macro {place}_fs_split_to_table(x, separator) as table
    select 1 as SEQ, _fs_n as INDEX, _fs_l[_fs_n] as VALUE
    from (
        select _fs_l, unnest(range(1, len(_fs_l) + 1)) as _fs_n
        from (select string_split(x, separator) as _fs_l)
    );
"""

# What typed.py writes
_TYPED = r"""
create or replace macro {place}_fs_quotient(n, d) as (
    (2 * abs(n) + abs(d)) // (2 * abs(d)) * sign(n) * sign(d)
);

create or replace macro {place}_fs_float_text(x) as (
    regexp_replace(regexp_replace(x::varchar, '\.0$', ''), 'e([0-9])', 'e+\1')
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
    return "".join((_ARRAYS, _OBJECTS, _FLATTEN, _TYPED)).format(place=place)
