{#
    2015-01-01T12:00:01Z, 2012-06-14T15:00:01-07:00, 2012/03/10 22:55:15 -0800.
    By arithmetic on the text, since TIMESTAMP_TZ depends on the session.
#}
{% macro utc_timestamp(text) -%}
    {%- set offset = "replace(trim(substr(" ~ text ~ ", 20)), ':', '')" -%}
    dateadd(
        'minute',
        case left({{ offset }}, 1) when '-' then 1 when '+' then -1 else 0 end
        * coalesce(
            try_cast(substr({{ offset }}, 2, 2) as integer) * 60
            + try_cast(substr({{ offset }}, 4, 2) as integer),
            0
        ),
        try_to_timestamp_ntz(
            replace(replace(left({{ text }}, 19), '/', '-'), 'T', ' '),
            'YYYY-MM-DD HH24:MI:SS'
        )
    )
{%- endmacro %}


{# NAME, of NAME_text: null if it is no time. #}
{% macro utc_timestamps(names) -%}
    {%- for name in names %}
    {{- "" if loop.first else ",\n" -}}
    {{ utc_timestamp(name ~ '_text') }} as {{ name }}
    {%- endfor %}
{%- endmacro %}


{# The id, or before 2015, when the archive had none, the name. #}
{% macro entity_key(id, name) -%}
    coalesce(cast({{ id }} as varchar), 'name:' || lower({{ name }}))
{%- endmacro %}


{% macro identity(texts) -%}
    md5(
        {%- for text in texts %}
        coalesce(cast({{ text }} as varchar), '')
        {{- " || '|' ||" if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}


{% macro bot_reason(login) -%}
    case
        when endswith(lower({{ login }}), '[bot]') then 'app'
        when regexp_like(lower({{ login }}), '.*[-_]bot|.*-robot') then 'name'
        when lower({{ login }}) in (
            'bors', 'bors-servo', 'codecov-commenter', 'codecov-io',
            'coveralls', 'greenkeeperio', 'homu', 'houndci', 'imgbot',
            'pep8speaks', 'rustbot', 'travis-ci', 'travisbuddy', 'web-flow'
        )
            then 'listed'
    end
{%- endmacro %}


{# What each path leads to, as NAME_text; `paths` by name. #}
{% macro texts_at(paths) -%}
    {%- for name, path in paths.items() %}
    {{- "" if loop.first else ",\n" -}}
    cast(event:{{ path }} as varchar) as {{ name }}_text
    {%- endfor %}
{%- endmacro %}


{#
    NAME, of NAME_text: null if it isn't of the type. From text, since TRY_CAST
    takes no VARIANT (Snowflake's reference, TRY_CAST).
#}
{% macro tried(names, type) -%}
    {%- for name in names %}
    {{- "" if loop.first else ",\n" -}}
    try_cast({{ name }}_text as {{ type }}) as {{ name }}
    {%- endfor %}
{%- endmacro %}


{# Of those NAME that are null though NAME_text isn't: a line with path and text. #}
{% macro odd_values(paths) -%}
    case
        when
            {%- for name in paths %}
            {{ "" if loop.first else "or " -}}
            ({{ name }} is null and {{ name }}_text is not null)
            {%- endfor %}
            then substr(
                {%- for name, path in paths.items() %}
                {{ "" if loop.first else "|| " -}}
                iff(
                    {{ name }} is null and {{ name }}_text is not null,
                    '\n{{ path }} ' || {{ shown(name ~ '_text') }},
                    ''
                )
                {%- endfor %},
                2
            )
    end
{%- endmacro %}


{# The beginning of a text, in a line; an address would be outside Bronze. #}
{% macro shown(text) -%}
    iff(
        regexp_like({{ text }}, '.*(@|u0040|%40).*', 's'),
        'hidden: it may hold an e-mail address',
        replace(left({{ text }}, 100), '\n', ' ')
    )
{%- endmacro %}


{# Of model event_rows: the fields and texts of odd_values, a row each. #}
{% macro each_odd_value() -%}
    select
        cast(event_rows.file_hour as date) as file_date,
        event_rows.file_name,
        event_rows.file_row_number,
        event_rows.event_id,
        split_part(cast(odd.value as varchar), ' ', 1) as field,
        regexp_replace(cast(odd.value as varchar), '^[^ ]+ ', '') as odd_value
    from {{ ref('event_rows') }} as event_rows
    cross join
        lateral flatten(input => split(event_rows.odd_values, '\n')) as odd
    where event_rows.odd_values is not null
{%- endmacro %}
