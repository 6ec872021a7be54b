-- +goose Up
ALTER TABLE nothing ADD COLUMN id INT;
