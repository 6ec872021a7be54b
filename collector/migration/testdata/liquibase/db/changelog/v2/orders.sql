--liquibase formatted sql logicalFilePath:logical/orders.sql
--changeset ada:1
SELECT 1;
