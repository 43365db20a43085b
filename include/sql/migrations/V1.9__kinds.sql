-- Some tables are views by now, and the other way round. dbt sees to it; the graph's statements don't.
{% if queue_url %}
execute immediate
$$
begin
    let found resultset := (
        select
            iff(table_type = 'VIEW', 'view ', 'table ') || '{{ database }}.'
            || table_schema || '.' || table_name as relation
        from {{ database }}.information_schema.tables
        where
            (
                table_type = 'BASE TABLE'
                and table_schema || '.' || table_name in (
                    'SILVER.ACTORS', 'SILVER.REPOSITORIES', 'SILVER.ORGANISATIONS',
                    'GOLD.ISSUES_AND_PULL_REQUESTS'
                )
            )
            or (
                table_type = 'VIEW'
                and table_schema || '.' || table_name in (
                    'GOLD.RESPONSE_TIMES', 'GOLD.ALL_TIME_RANKINGS'
                )
            )
    );
    for old in found do
        execute immediate 'drop ' || old.relation;
    end for;
end;
$$;
{% endif %}
-- Views have no watermarks.
delete from {{ database }}.ledger.model_watermarks
where model in ('actors', 'repositories', 'organisations', 'issues_and_pull_requests');
