-- Recommendations of the live model for three users
with

users as (

    select user_id
    from gold.recommendations_live
    where recommendation_rank = 1
    order by score desc, user_id asc
    limit 3

)

select
    live.user_login as login,
    live.recommendation_rank as rank,
    live.repo_name as repository,
    round(live.score, 3) as score
from gold.recommendations_live as live
inner join users on live.user_id = users.user_id
where live.recommendation_rank <= 3
order by live.user_login, live.recommendation_rank
