-- The day's busiest users (UTC)
select
    actor_rank as rank,
    actor_login as login,
    iff(is_bot, 'bot', '') as bot,
    event_count as events,
    star_count as stars,
    contribution_count as contributions
from gold.top_users
where
    window_end = %(day)s
    and window_name = 'day'
    and ranked_by = 'events'
    and actor_rank <= 5
order by 1
