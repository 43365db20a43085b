"""Casts to TIMESTAMP_NTZ, in the place of fakesnow's.

Whole numbers in text count seconds, milli-, micro- or nanoseconds by their size. Dates with
slashes, which Snowflake takes for MM/DD/YYYY, fail rather than being read as YYYY/MM/DD.
"""

# TRY_CAST all along: DuckDB folds constants in branches that are never taken
MACRO = """
create or replace macro "{database}"._fs_to_timestamp(val, scale) as (
    case
        when try_cast(val as bigint) is not null and typeof(val) = 'VARCHAR' then make_timestamp(
            case
                when abs(try_cast(val as bigint)) < 31536000000
                    then try_cast(val as bigint) * 1000000
                when abs(try_cast(val as bigint)) < 31536000000000
                    then try_cast(val as bigint) * 1000
                when abs(try_cast(val as bigint)) < 31536000000000000 then try_cast(val as bigint)
                else try_cast(val as bigint) // 1000
            end
        )
        when try_cast(val as bigint) is not null then make_timestamp(
            (try_cast(val as bigint)::hugeint * 1000000 // (10 ^ scale)::bigint)::bigint
        )
        when typeof(val) = 'VARCHAR' and contains(val::varchar, '/')
            then cast(replace(val::varchar, '/', '|') as timestamp)
        else cast(val as timestamp)
    end
)
"""
