delete from bronze.BronzeRaw
where
    file_name in (
        select replaced.value::varchar
        from table(flatten(input => $replaced)) as replaced
    )
