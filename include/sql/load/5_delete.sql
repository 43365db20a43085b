delete from bronze.BronzeRaw
where file_name in ($files)
