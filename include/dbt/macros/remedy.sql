{# What a stored failure of a test tells whoever finds it. #}
{% macro remedy(table) -%}
    Rebuild with dbt build --full-refresh --select {{ table | lower }}+ and run
    {{- ' ' -}}
    the day again. If it comes back, the rule in the model is wrong.
{%- endmacro %}
