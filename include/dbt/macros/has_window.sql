{#
    `dbt show`, `dbt compile`, `dbt docs generate` and editors run no hooks, and
    people paste their SQL into sessions of their own.
#}
{% macro has_window() %}
    {{ return(flags.WHICH in ('run', 'build')) }}
{% endmacro %}
