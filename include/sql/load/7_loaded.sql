-- What arrived. Lines, not rows: Snowpipe may have loaded the same content beside us.
select
    file_name,
    max(content_key) as content_key,
    count(distinct file_row_number) as rows_loaded
from bronze.BronzeRaw
where file_name in ($files)
group by file_name
