{% macro what_to_do(table) -%}
    Rebuild with dbt build --full-refresh --select {{ table | lower }}+ and run
    {{- ' ' -}}
    the day again. If it comes back, the rule in the model is wrong.
{%- endmacro %}
