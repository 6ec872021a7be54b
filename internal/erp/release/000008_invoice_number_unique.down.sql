ALTER TABLE invoices DROP KEY invoices_number;
