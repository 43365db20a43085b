select
    to_char(file_date, 'YYYY-MM-DD') as file_date,
    field,
    odd_count
from gold.odd_values
where
    file_date >= to_date('$first', 'YYYY-MM-DD')
    and file_date <= to_date('$last', 'YYYY-MM-DD')
order by 1, 2
