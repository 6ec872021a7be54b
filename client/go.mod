module github.com/easy-erp/dbsync/client

go 1.24
