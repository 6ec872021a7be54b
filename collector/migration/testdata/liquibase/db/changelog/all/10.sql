--liquibase formatted sql
--changeset ada:10
SELECT 1;
