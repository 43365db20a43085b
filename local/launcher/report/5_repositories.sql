-- The day's busiest repositories (UTC)
select
    day_rank as rank,
    repo_name as repository,
    event_count as events,
    star_count as stars,
    push_count as pushes,
    actor_count as users
from gold.top_repositories
where event_date = %(day)s and day_rank <= 5
order by 1
