-- Rows of all days so far, and whether they reconcile from the ledger to Gold
select
    check_name,
    subject_count as compared,
    expected_rows as expected,
    actual_rows as actual,
    iff(mismatch_count = 0, 'yes', 'NO') as reconciles
from gold.reconciliation
order by 1
