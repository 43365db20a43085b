{# The keys that tables are replaced by. README.md says what each of them touches. #}

{% macro start_of(key, date, last_load='$change_to') -%}
    {%- if key in ('event_month', 'contribution_month') -%}
        cast(date_trunc('month', {{ date }}) as date)
    {%- elif key == 'period_start' -%}
        cast(
            case
                when {{ date }} >= {{ newest_year(last_load) }}
                    then date_trunc('month', {{ date }})
                else date_trunc('year', {{ date }})
            end as date
        )
    {%- else -%}
        {{ date }}
    {%- endif -%}
{%- endmacro %}


{# By the files: an event may have any date, and a day removed is a day too many. #}
{% macro file_date() -%}
    to_date(left(file_name, 10), 'YYYY/MM/DD')
{%- endmacro %}


{# Its dates are kept by month, those of the years before it by year. #}
{% macro newest_year(last_load) -%}
    {%- if last_load == '$change_to' and has_window() -%}
        $newest_year
    {%- else -%}
        (
            select cast(date_trunc('year', max({{ file_date() }})) as date)
            from {{ ledger('load_dates') }}
            where load_seq <= {{
                last_load_of_this_run() if last_load == '$change_to'
                else last_load
            }}
        )
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
    {%- elif key == 'period_start' -%}
        -- Months of a year that is no longer the newest become one period
        select {{ start_of(key, 'event_date', until) }} as {{ key }}
        from {{ ledger('load_dates') }}
        where
            load_seq <= {{ until }}
            and (
                load_seq > {{ since }}
                or (
                    event_date >= {{ newest_year(since) }}
                    and event_date < {{ newest_year(until) }}
                )
            )
    {%- elif key in ('event_date', 'event_month') -%}
        select {{ start_of(key, 'event_date') }}
            {{- ' as ' ~ key if key == 'event_month' }}
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
