-- Waits for any other load, then draws this load's number.
update ledger.load_lock
set last_load_seq = last_load_seq + 1
