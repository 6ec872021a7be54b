--liquibase formatted sql
--changeset ada:sub
SELECT 1;
