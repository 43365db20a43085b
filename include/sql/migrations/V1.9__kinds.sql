-- What is a view by now where it was a table, and the other way round: dbt makes it again.
execute immediate
$$
begin
    let found resultset := (
        select
            iff(table_type = 'VIEW', 'view ', 'table ') || '{{ database }}.'
            || table_schema || '.' || table_name as object
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
    for other in found do
        execute immediate 'drop ' || other.object;
    end for;
end;
$$;
