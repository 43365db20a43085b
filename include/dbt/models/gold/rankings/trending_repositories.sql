{{ config(unique_key='window_end') }}

with

dates as (

    select distinct event_date as window_end
    from {{ ref('repository_days') }}
    where {{ days_of_this_run() }}

),

window_ends as (

    select
        window_end,
        cast(dateadd('day', -7, window_end) as date) as week_before
    from dates
    where {{ rows_of_this_run('window_end') }}

),

days as (

    select *
    from {{ ref('repository_days') }}
    where repo_key is not null and {{ days_of_this_run() }}

),

-- People, not bots or stars: a week against the four weeks before it
counted as (

    select
        window_ends.window_end,
        days.repo_key,
        days.repo_id,
        -- The day first: the greatest is the latest name
        substr(
            max(
                to_char(days.event_date, 'YYYY-MM-DD') || ' ' || days.repo_name
            ),
            12
        ) as repo_name,
        sum(
            iff(days.event_date > window_ends.week_before, days.human_count, 0)
        ) as recent_count,
        sum(
            iff(days.event_date <= window_ends.week_before, days.human_count, 0)
        ) as baseline_count
    from window_ends
    inner join days
        on
            window_ends.window_end >= days.event_date
            and dateadd('day', -35, window_ends.window_end) < days.event_date
    group by window_ends.window_end, days.repo_key, days.repo_id

),

-- What its share of everybody's baseline predicts for this week: where the
-- archive loses events of all repositories, none seems to fall or rise
expected as (

    select
        *,
        cast(baseline_count as float)
        * sum(recent_count) over (partition by window_end)
        / nullif(sum(baseline_count) over (partition by window_end), 0)
            as expected_count
    from counted

),

scored as (

    select
        *,
        round((recent_count - expected_count) / sqrt(expected_count + 1), 6)
            as trend_score
    from expected
    where expected_count is not null and recent_count >= 3

),

ranked as (

    select
        *,
        row_number() over (
            partition by window_end
            order by trend_score desc, repo_key asc
        ) as trend_rank
    from scored
    where trend_score > 0

)

select
    window_end,
    cast(trend_rank as number(38, 0)) as trend_rank,
    repo_key,
    repo_id,
    repo_name,
    cast(recent_count as number(38, 0)) as recent_count,
    cast(baseline_count as number(38, 0)) as baseline_count,
    round(expected_count, 6) as expected_count,
    trend_score
from ranked
where trend_rank <= 100
