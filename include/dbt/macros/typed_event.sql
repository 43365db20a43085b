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


{# The names that are null though their text isn't. #}
{% macro odd_values(names) -%}
    case
        when
            {%- for name in names %}
            {{ "" if loop.first else "or " -}}
            ({{ name }} is null and {{ name }}_text is not null)
            {%- endfor %}
            then trim(
                {%- for name in names %}
                {{ "" if loop.first else "|| " -}}
                iff({{ name }} is null and {{ name }}_text is not null, '{{ name }} ', '')
                {%- endfor %}
            )
    end
{%- endmacro %}
