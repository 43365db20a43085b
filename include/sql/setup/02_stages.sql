-- Stages are replaced at every set-up: their URL and SAS token are settings that may have changed.
create file format if not exists $database.bronze.gharchive_json
    type = json
    compression = gzip
    allow_duplicate = true;

create or replace stage $database.bronze.gharchive_stage
    url = '$events_url'
    credentials = (azure_sas_token = '$events_sas_token')
    file_format = (format_name = '$database.bronze.gharchive_json');

create or replace stage $database.gold.gharchive_models
    url = '$models_url'
    credentials = (azure_sas_token = '$models_sas_token')
    file_format = (type = parquet);
