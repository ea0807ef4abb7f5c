"""What remains: receipts that anybody can verify, the grade ledger's pages."""
