-- The day's busiest users (UTC)
select
    day_rank as rank,
    actor_login as login,
    iff(is_bot, 'bot', '') as bot,
    event_count as events,
    star_count as stars,
    push_count as pushes,
    repo_count as repositories
from gold.top_users
where event_date = %(day)s and day_rank <= 5
order by 1
