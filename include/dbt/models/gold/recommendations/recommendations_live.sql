{{ config(materialized='view') }}

with

live_model as (

    select * from {{ source('als', 'live_model') }}

),

models as (

    select * from {{ source('als', 'models') }}

),

recommendations as (

    select * from {{ source('als', 'recommendations') }}

),

actors as (

    select * from {{ ref('actors') }}

),

repositories as (

    select * from {{ ref('repositories') }}

)

select
    recommendations.user_id,
    recommendations.repo_id,
    actors.actor_login as user_login,
    repositories.repo_name,
    recommendations.rank as recommendation_rank,
    recommendations.score,
    models.model_id,
    models.as_of,
    models.trained_at
from live_model
inner join models on live_model.model_id = models.model_id
inner join recommendations on models.model_id = recommendations.model_id
left join actors on recommendations.user_id = actors.actor_id
left join repositories on recommendations.repo_id = repositories.repo_id
