-- The day's busiest repositories (UTC)
select
    repo_rank as rank,
    repo_name as repository,
    event_count as events,
    star_count as stars,
    contribution_count as contributions
from gold.top_repositories
where
    window_end = %(day)s
    and window_name = 'day'
    and ranked_by = 'events'
    and repo_rank <= 5
order by 1
