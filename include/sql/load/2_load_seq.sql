select last_load_seq from ledger.load_lock
