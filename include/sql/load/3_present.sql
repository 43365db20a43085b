-- The files that already have rows and so are replaced; a first load stays a plain COPY.
select distinct file_name
from bronze.BronzeRaw
where file_name in ($files)
