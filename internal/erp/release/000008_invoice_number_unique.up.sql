-- The tax office wants every invoice number once.
ALTER TABLE invoices ADD UNIQUE KEY invoices_number (number);
