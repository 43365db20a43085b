{# The keys that tables are replaced by. README.md says what each of them touches. #}

{% macro start_of(key, date) -%}
    {%- if key in ('event_month', 'contribution_month') -%}
        cast(date_trunc('month', {{ date }}) as date)
    {%- elif key == 'event_year' -%}
        cast(date_trunc('year', {{ date }}) as date)
    {%- else -%}
        {{ date }}
    {%- endif -%}
{%- endmacro %}


{% macro changed_keys(key, since='$change_from', until='$change_to') -%}
    {%- if key == 'file_name' -%}
        select file_name
        from {{ ledger('loads') }}
        where load_seq > {{ since }} and load_seq <= {{ until }}
    {%- elif key == 'window_end' -%}
        select cast(dateadd('day', later.days, event_date) as date) as {{ key }}
        from {{ ledger('load_dates') }}
        cross join (
            select row_number() over (order by seq4()) - 1 as days
            from table(generator(rowcount => {{ var('window_reach') }}))
        ) as later
        where load_seq > {{ since }} and load_seq <= {{ until }}
    {%- elif key == 'contribution_month' -%}
        select {{ start_of(key, 'event_date') }} as {{ key }}
        from {{ ledger('load_dates') }}
        where
            load_seq <= {{ until }}
            and event_date >= (
                select {{ start_of(key, 'min(event_date)') }}
                from {{ ledger('load_dates') }}
                where load_seq > {{ since }} and load_seq <= {{ until }}
            )
    {%- elif key in ('event_date', 'event_month', 'event_year') -%}
        select {{ start_of(key, 'event_date') }}
            {{- ' as ' ~ key if key != 'event_date' }}
        from {{ ledger('load_dates') }}
        where load_seq > {{ since }} and load_seq <= {{ until }}
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            "No load touches a " ~ key ~ ": README.md names the keys."
        ) }}
    {%- endif -%}
{%- endmacro %}


{% macro text_of(key, value) -%}
    {{ value if key == 'file_name' else "to_char(" ~ value ~ ", 'YYYY-MM-DD')" }}
{%- endmacro %}


{% macro constant(key, value) -%}
    {{
        "'" ~ value ~ "'" if key == 'file_name'
        else "to_date('" ~ value ~ "', 'YYYY-MM-DD')"
    }}
{%- endmacro %}


{# What no row has. #}
{% macro no_key(key) -%}
    {{ constant(key, '' if key == 'file_name' else '9999-12-31') }}
{%- endmacro %}
