--liquibase formatted sql
--changeset ada:1
SELECT 1;
-- changeset "b c":"2 3" logicalFilePath:log/x.sql
SELECT 1;
--changeset ada:pg dbms:postgresql
SELECT 1;
--changeset ada:3 labels:x ignore:true
SELECT 1;
