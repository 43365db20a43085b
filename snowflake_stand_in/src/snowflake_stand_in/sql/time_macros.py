r"""Dates and times as Snowflake computes them, as macros of every database.

A TIMESTAMP_NTZ is DuckDB's TIMESTAMP and a TIMESTAMP_LTZ its TIMESTAMPTZ. A TIMESTAMP_TZ is a
struct of the time in UTC and of the offset in minutes, since DuckDB keeps no offset.

Texts are first taken apart, to `year|month|day|hour|minute|second|fraction|half|zone`, by a
pattern. What is no date or time is NULL; `_ft_unread` makes it DuckDB's error, that `errors.py`
knows. It is a cast, since DuckDB moves no condition past its error().
"""

TZ_TYPE = "STRUCT(utc TIMESTAMP, zone_minutes BIGINT)"

_NAMES = (
    "(?i:(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?))"
)
_DAY = r"(?i:mon|tue|wed|thu|fri|sat|sun)"
_ISO_DATE = r"(\d{1,4})-(\d{1,2})-(\d{1,2})"
# The forms that AUTO takes, and what of each is which part
_AUTO = (
    (
        _ISO_DATE + r"(?:[ T](\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d{0,9}))?)?)?)?",
        r"\1|\2|\3|\4|\5|\6|\7||",
    ),
    (
        _ISO_DATE + r"[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{0,9}))?)?"
        r"([+-]\d{1,2}:\d{1,2}|Z)",
        r"\1|\2|\3|\4|\5|\6|\7||\8",
    ),
    (
        _ISO_DATE + r" (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{0,9}))?"
        r"([+-]\d{1,2}| [+-]?\d{1,2}:\d{1,2}| [+-]?\d{4}| Z)",
        r"\1|\2|\3|\4|\5|\6|\7||\8",
    ),
    (rf"(\d{{1,2}})-{_NAMES}-(\d{{1,4}})", r"\3|\2|\1||||||"),
    (
        r"(\d{1,2})/(\d{1,2})/(\d{1,4})(?: (\d{1,2}):(\d{1,2}):(\d{1,2}))?",
        r"\3|\1|\2|\4|\5|\6|||",
    ),
    (
        rf"{_DAY}, (\d{{1,2}}) {_NAMES} (\d{{1,4}}) (\d{{1,2}}):(\d{{1,2}}):(\d{{1,2}})"
        r"(?:\.(\d{0,9}))?( (?i:[ap]m))?( [+-]?\d{4}| Z)?",
        r"\3|\2|\1|\4|\5|\6|\7|\8|\9",
    ),
    (
        rf"{_DAY} {_NAMES} (\d{{1,2}}) (\d{{1,2}}):(\d{{1,2}}):(\d{{1,2}}) ([+-]?\d{{4}}|Z) "
        r"(\d{1,4})",
        r"\7|\1|\2|\3|\4|\5|||\6",
    ),
)
_AUTO_TIME = (
    (r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{0,9}))?)?", r"1970|1|1|\1|\2|\3|\4||"),
    (
        r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{0,9}))?(?:[+-]\d{1,2}:\d{1,2}|Z)",
        r"1970|1|1|\1|\2|\3|\4||",
    ),
    (
        r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{0,9}))?)? ((?i:[ap]m))",
        r"1970|1|1|\1|\2|\3|\4|\5|",
    ),
)


def _parts(forms: tuple[tuple[str, str], ...]) -> str:
    cases = "".join(
        f"\n        when regexp_full_match(_t, '{pattern}')"
        f" then regexp_replace(_t, '^{pattern}$', '{parts}')"
        for pattern, parts in forms
    )
    made = f"string_split(case{cases} end, '|')".replace("{", "{{").replace("}", "}}")
    return f"list_transform([x], lambda _t: {made})[1]"


# A macro's argument is written out wherever it is used: `list_transform([x], lambda …)[1]` computes
# it once, and keeps the statement small
_READING = (
    r"""
create or replace macro {place}_ft_parts(x, pattern, parts) as (
    string_split(
        case
            when regexp_full_match(x, pattern) then regexp_replace(x, '^' || pattern || '$', parts)
        end,
        '|'
    )
);

create or replace macro {place}_ft_auto_parts(x) as (
    """
    + _parts(_AUTO)
    + r"""
);

create or replace macro {place}_ft_auto_time_parts(x) as (
    """
    + _parts(_AUTO_TIME)
    + r"""
);

create or replace macro {place}_ft_unread(mark, x) as (
    case when x is not null then cast(chr(1) || mark || chr(1) || x as timestamp) end
);

create or replace macro {place}_ft_two(x) as (lpad(coalesce(nullif(x, ''), '0'), 2, '0'));

create or replace macro {place}_ft_year(x) as (
    case
        when starts_with(x, '~') then (
            try_cast(x[2:5] as integer)
            + (try_cast(x[7:] as integer) - try_cast(x[2:5] as integer) % 100 + 100) % 100
        )::varchar
        else lpad(x, 4, '0')
    end
);

create or replace macro {place}_ft_month(x) as (
    case
        when length(x) > 2 then lpad(
            ((position(lower(x[1:3]) in 'janfebmaraprmayjunjulaugsepoctnovdec') + 2) // 3)::varchar,
            2, '0'
        )
        else lpad(x, 2, '0')
    end
);

create or replace macro {place}_ft_hour(x, half) as (
    case
        when half = '' then case
            when try_cast(coalesce(nullif(x, ''), '0') as integer) < 24 then {place}_ft_two(x)
        end
        when try_cast(x as integer) between 1 and 12 then lpad(
            (x::integer % 12 + case when contains(lower(half), 'p') then 12 else 0 end)::varchar,
            2, '0'
        )
    end
);

create or replace macro {place}_ft_wall_of(p) as (
    case
        when ltrim(substr(p[7], 7), '0') = '' then try_cast(
            {place}_ft_year(p[1]) || '-' || {place}_ft_month(p[2]) || '-' || lpad(p[3], 2, '0')
            || ' ' || {place}_ft_hour(p[4], p[8]) || ':' || {place}_ft_two(p[5])
            || ':' || {place}_ft_two(p[6]) || '.' || rpad(left(p[7], 6), 6, '0')
            as timestamp
        )
        else cast(
            'Unsupported feature: fractions finer than a microsecond: .' || p[7] as timestamp
        )
    end
);

create or replace macro {place}_ft_minutes_of(zone) as (
    case
        when zone = '' then null
        when contains(zone, 'Z') then 0
        else (
            regexp_extract(zone, '^ ?[+-]?(\d{{1,2}})', 1)::integer * 60
            + coalesce(
                try_cast(
                    regexp_extract(zone, '^ ?[+-]?\d{{1,2}}:?(\d{{1,2}})$', 1) as integer
                ),
                0
            )
        ) * case when contains(zone, '-') then -1 else 1 end
    end
);

create or replace macro {place}_ft_ntz_of_parts(parts) as (
    list_transform([parts], lambda _p: {place}_ft_wall_of(_p))[1]
);

create or replace macro {place}_ft_zone_of_parts(parts) as (
    list_transform([parts], lambda _p: {place}_ft_minutes_of(_p[9]))[1]
);

create or replace macro {place}_ft_ltz_of_parts(parts) as (
    list_transform(
        list_transform(
            [parts],
            lambda _p: {{'wall': {place}_ft_wall_of(_p), 'zone': {place}_ft_minutes_of(_p[9])}}
        ),
        lambda _r: case
            when _r.zone is null then cast(_r.wall as timestamptz)
            else timezone('UTC', _r.wall - to_minutes(_r.zone))
        end
    )[1]
);

create or replace macro {place}_ft_offset(instant) as (
    date_diff('minute', timezone('UTC', instant), cast(instant as timestamp))
);

create or replace macro {place}_ft_tz_zoned(instant, minutes) as (
    list_transform(
        [instant],
        lambda _i: case
            when _i is not null then {{
                'utc': timezone('UTC', _i),
                'zone_minutes': (coalesce(minutes, {place}_ft_offset(_i)))::bigint
            }}
        end
    )[1]
);

create or replace macro {place}_ft_tz_of_ltz(instant) as ({place}_ft_tz_zoned(instant, null));

create or replace macro {place}_ft_epoch_of_text(x) as (
    list_transform(
        [try_cast(x as bigint)],
        lambda _n: make_timestamp(case
            when abs(_n) < 31536000000 then _n * 1000000
            when abs(_n) < 31536000000000 then _n * 1000
            when abs(_n) < 31536000000000000 then _n
            else _n // 1000
        end)
    )[1]
);

create or replace macro {place}_ft_ntz_of_text(x) as (
    case
        when regexp_full_match(
            x,
            '\d{{4}}-\d\d-\d\d(?:[ T](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.]\d{{1,6}})?Z?)?'
        ) then try_cast(x as timestamp)
        when regexp_full_match(x, '-?\d+') then {place}_ft_epoch_of_text(x)
        else {place}_ft_ntz_of_parts({place}_ft_auto_parts(x))
    end
);

create or replace macro {place}_ft_ltz_of_text(x) as (
    case
        when regexp_full_match(x, '-?\d+') then timezone('UTC', {place}_ft_epoch_of_text(x))
        else {place}_ft_ltz_of_parts({place}_ft_auto_parts(x))
    end
);

create or replace macro {place}_ft_zone_of_text(x) as (
    {place}_ft_zone_of_parts({place}_ft_auto_parts(x))
);

create or replace macro {place}_ft_date_of_text(x) as (
    case
        when regexp_full_match(x, '\d{{4}}-\d\d-\d\d') then try_cast(x as date)
        when regexp_full_match(x, '-?\d+') then cast({place}_ft_epoch_of_text(x) as date)
        else cast({place}_ft_ntz_of_parts({place}_ft_auto_parts(x)) as date)
    end
);

create or replace macro {place}_ft_time_of_text(x) as (
    case
        when regexp_full_match(x, '-?\d+') then cast({place}_ft_epoch_of_text(x) as time)
        else cast({place}_ft_ntz_of_parts({place}_ft_auto_time_parts(x)) as time)
    end
);

create or replace macro {place}_ft_text_in(v) as (
    case when json_type(v) = 'VARCHAR' then json_extract_string(v, '$') end
);

create or replace macro {place}_ft_number_in(v) as (
    case when json_type(v) in ('UBIGINT', 'BIGINT') then json_extract_string(v, '$') end
);

create or replace macro {place}_ft_epoch(x, scale) as (
    case
        when scale > 6 and floor(x) % (10 ^ (scale - 6))::bigint != 0
            then cast(
                'Unsupported feature: fractions finer than a microsecond: ' || x as timestamp
            )
        when scale > 6
            then make_timestamp(cast(floor(x) as bigint) // (10 ^ (scale - 6))::bigint)
        else make_timestamp(
            cast(floor(cast(x as decimal(38, 9)) * (10 ^ (6 - scale))::bigint) as bigint)
        )
    end
);
"""
)

_COMPUTING = r"""
create or replace macro {place}_ft_tz_wall(x) as (x.utc + to_minutes(x.zone_minutes));

create or replace macro {place}_ft_tz_instant(x) as (timezone('UTC', x.utc));

create or replace macro {place}_ft_tz_moved(wall, x) as (
    case
        when wall is not null then {{
            'utc': wall - to_minutes(x.zone_minutes), 'zone_minutes': x.zone_minutes
        }}
    end
);

create or replace macro {place}_ft_tz_at(zone, instant) as (
    list_transform(
        [instant],
        lambda _i: case
            when _i is not null then {{
                'utc': timezone('UTC', _i),
                'zone_minutes': date_diff('minute', timezone('UTC', _i), timezone(zone, _i))
            }}
        end
    )[1]
);

create or replace macro {place}_ft_sign_text(minutes, separator) as (
    case when minutes < 0 then '-' else '+' end
    || lpad((abs(minutes) // 60)::varchar, 2, '0')
    || separator
    || lpad((abs(minutes) % 60)::varchar, 2, '0')
);

create or replace macro {place}_ft_whole(n) as (cast(round(n) as bigint));

create or replace macro {place}_ft_micros(n) as (
    case
        when {place}_ft_whole(n) % 1000 = 0 then {place}_ft_whole(n) // 1000
        else error('Unsupported feature: fractions finer than a microsecond')
    end
);

create or replace macro {place}_ft_mod(n, d) as (((n % d) + d) % d);

create or replace macro {place}_ft_fraction(x, step) as (
    to_microseconds({place}_ft_mod(epoch_us(x), step))
);

create or replace macro {place}_ft_week_start(x, first) as (
    cast(x as date) - cast((isodow(x) - first + 7) % 7 as integer)
);

create or replace macro {place}_ft_week(x, first, policy) as (
    case
        when policy = 0 then (dayofyear({place}_ft_week_start(x, first) + 3) - 1) // 7 + 1
        else (
            cast(x as date)
            - {place}_ft_week_start(cast(date_trunc('year', x) as date), first)
        ) // 7 + 1
    end
);

create or replace macro {place}_ft_year_of_week(x, first, policy) as (
    case when policy = 0 then year({place}_ft_week_start(x, first) + 3) else year(x) end
);

create or replace macro {place}_ft_day_of_week(x, first) as (
    case when first = 0 then dayofweek(x) else (isodow(x) - first + 7) % 7 + 1 end
);

create or replace macro {place}_ft_months(x) as (year(x) * 12 + month(x) - 1);

create or replace macro {place}_ft_slice_months(x, n) as (
    cast(
        DATE '1970-01-01'
        + to_months(cast(
            {place}_ft_months(x) - 23640 - {place}_ft_mod({place}_ft_months(x) - 23640, n)
            as integer
        ))
        as date
    )
);

create or replace macro {place}_ft_slice_days(x, n, origin) as (
    cast(x as date) - cast({place}_ft_mod(cast(x as date) - origin, n) as integer)
);

create or replace macro {place}_ft_slice_seconds(x, n) as (
    make_timestamp(epoch_us(x) - {place}_ft_mod(epoch_us(x), cast(n as bigint) * 1000000))
);

create or replace macro {place}_ft_weekday(name) as (
    case lower(left(trim(name), 2))
        when 'mo' then 1 when 'tu' then 2 when 'we' then 3 when 'th' then 4 when 'fr' then 5
        when 'sa' then 6 when 'su' then 7
        else error('Unsupported feature: the day of the week ' || name)
    end
);

create or replace macro {place}_ft_next_day(x, name) as (
    cast(x as date) + cast(({place}_ft_weekday(name) - isodow(x) + 6) % 7 + 1 as integer)
);

create or replace macro {place}_ft_previous_day(x, name) as (
    cast(x as date) - cast((isodow(x) - {place}_ft_weekday(name) + 6) % 7 + 1 as integer)
);

create or replace macro {place}_ft_date_from_parts(y, m, d) as (
    cast(
        make_date(
            cast((y * 12 + m - 1 - {place}_ft_mod(m - 1, 12)) // 12 as bigint),
            cast({place}_ft_mod(m - 1, 12) + 1 as bigint),
            1
        )
        + cast(d - 1 as integer)
        as date
    )
);

create or replace macro {place}_ft_seconds(h, mi, s, ns) as (
    to_seconds(h * 3600 + mi * 60 + s) + to_microseconds({place}_ft_micros(ns))
);

create or replace macro {place}_ft_ntz_from_parts(y, mo, d, h, mi, s, ns) as (
    cast({place}_ft_date_from_parts(y, mo, d) as timestamp) + {place}_ft_seconds(h, mi, s, ns)
);

create or replace macro {place}_ft_time_from_parts(h, mi, s, ns) as (
    cast(TIMESTAMP '1970-01-01' + {place}_ft_seconds(h, mi, s, ns) as time)
);

create or replace macro {place}_ft_is_last(x) as (cast(x as date) = last_day(x));

create or replace macro {place}_ft_add_months(x, n) as (
    case
        when {place}_ft_is_last(x)
            then last_day(x + to_months(cast(n as integer))) + (x - date_trunc('day', x))
        else x + to_months(cast(n as integer))
    end
);

create or replace macro {place}_ft_month_fraction(x) as (
    day(x) + (epoch_us(x) - epoch_us(date_trunc('day', x))) / 86400000000.0
);

create or replace macro {place}_ft_months_between(a, b) as (
    cast(
        {place}_ft_months(a) - {place}_ft_months(b)
        + case
            when day(a) = day(b) or ({place}_ft_is_last(a) and {place}_ft_is_last(b)) then 0
            else ({place}_ft_month_fraction(a) - {place}_ft_month_fraction(b)) / 31
        end
        as decimal(38, 6)
    )
);
"""


def creation_sql(place: str) -> str:
    """Return the statements that make the macros in `place`, a database's name and a dot."""
    return (_READING + _COMPUTING).format(place=place)
