-- How long what is replaced or deleted stays: time travel, in days, paid as storage.
alter schema {{ database }}.bronze set data_retention_time_in_days = {{ retention_days }};
alter schema {{ database }}.ledger set data_retention_time_in_days = {{ retention_days }};
alter schema {{ database }}.silver set data_retention_time_in_days = {{ retention_days }};
alter schema {{ database }}.gold set data_retention_time_in_days = {{ retention_days }};
