delete from bronze.BronzeRaw
where
    file_name >= '$first_file'
    and file_name <= '$last_file'
    and file_name in (
        select replaced.value::varchar
        from table(flatten(input => $replaced)) as replaced
    )
