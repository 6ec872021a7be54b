# SPDX-License-Identifier: Apache-2.0

# `make` or `make help` lists the targets. Only Go, make and git are needed to build; `make deps` gets the rest.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS   += --no-print-directory

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# Every go.mod is a module with checks of its own.
MODULES := $(patsubst %/go.mod,%,$(shell find . -name go.mod -not -path '*/testdata/*' | sort))

# The build carries what `--version` shows, from git alone, so that one commit always gives the same binary.
VERSION_PKG := github.com/prometheus/common/version
VERSION     := $(patsubst v%,%,$(shell git describe --tags --match 'v*' --dirty 2>/dev/null || echo 0.0.0-dev))
REVISION    := $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
BRANCH      := $(shell git rev-parse --abbrev-ref HEAD 2>/dev/null || echo unknown)
BUILD_DATE  := $(shell TZ=UTC git log -1 --date=format-local:%Y%m%d-%H:%M:%S --format=%cd 2>/dev/null || echo unknown)
LDFLAGS     := -s -w \
	-X $(VERSION_PKG).Version=$(VERSION) \
	-X $(VERSION_PKG).Revision=$(REVISION) \
	-X $(VERSION_PKG).Branch=$(BRANCH) \
	-X $(VERSION_PKG).BuildUser=make \
	-X $(VERSION_PKG).BuildDate=$(BUILD_DATE)

# The race detector needs a C compiler. Without one the tests run all the same, except in CI.
ifneq ($(shell command -v $(or $(CC),gcc) 2>/dev/null),)
RACE := -race
else ifneq ($(CI),true)
RACE :=
$(warning no C compiler, so no race detector: make deps)
else
RACE := -race
endif

# each runs a command in every module's folder and says so.
define each
	@for module in $(MODULES); do \
		echo "==> $$module: $(1)"; \
		(cd "$$module" && $(1)); \
	done
endef

# race gives a module's flag: the replay of the rules computes for minutes, and ten times as long with the detector.
race = $$(test $(1) = ./rules/quality || echo $(RACE))

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Start the whole system on this machine, until Ctrl-C
	bin/dbsyncctl up

.PHONY: build
build: ## Build dbsync_exporter and dbsyncctl into bin/
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

.PHONY: test
test: vet ## Run all tests, against the real servers that are at hand
	$(call each,go test $(call race,$$module) -timeout 20m ./...)

FUZZTIME ?= 30s

.PHONY: fuzz
fuzz: ## Fuzz every parser for a while each (FUZZTIME=30s)
	@grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9]*' collector cmd internal | sort | while IFS=: read -r file func; do \
		echo "==> $${file%/*}: $${func#func }"; \
		go test -run '^$$' -fuzz "^$${func#func }\$$" -fuzztime '$(FUZZTIME)' "./$${file%/*}"; \
	done

.PHONY: vet
vet: ## Run gofmt and go vet
	@echo '==> gofmt'
	@unformatted="$$(gofmt -l .)"; test -z "$$unformatted" || { echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; }
	$(call each,go vet ./...)

.PHONY: lint
lint: vet ## Run golangci-lint and check that go.mod is tidy
	$(call each,go run $(GOLANGCI_LINT) run --config $(CURDIR)/.golangci.yml ./...)
	$(call each,go mod tidy -diff)

GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: vuln
vuln: ## Look for known vulnerabilities in what is used (needs vuln.go.dev; elsewhere it says so)
	@if out="$$(go run $(GOVULNCHECK) ./cmd/... 2>&1)"; then echo "$$out"; \
	elif grep -q 'Vulnerability #' <<<"$$out"; then echo "$$out"; exit 1; \
	else echo "$$out" | tail -n 3; echo 'NOT CHECKED: the database of vulnerabilities cannot be reached from here'; fi

.PHONY: bench
bench: ## Compare with mysqld_exporter, node_exporter and mtail, side by side on this machine
	go run ./internal/bench

.PHONY: quality
quality: ## Replay the rules over made-up servers and say how often they are right (an hour on two cores)
	cd rules/quality && go run . -why -docs $(CURDIR)/docs/quality.md $(QUALITY)

.PHONY: docs
docs: ## Write the generated reference (docs/)
	go generate ./cmd/... ./collector/... ./docs/... ./internal/...

.PHONY: dashboards
dashboards: ## Write the generated dashboards (grafana/dashboards/)
	go generate ./grafana/...

.PHONY: deps
deps: ## Get the servers that the tests and `make run` need, without installing them
	go run ./internal/tools/deps

.PHONY: release
release: ## Make what is published of this commit in dist/: archives, packages, SBOMs, checksums
	cd internal/tools/release && go run . -root '$(CURDIR)' -out '$(CURDIR)/dist' -version '$(VERSION)' \
		-ldflags '$(LDFLAGS)' -date "$$(git log -1 --format=%ct)" -only '$(ONLY)'

.PHONY: clean
clean: ## Remove what was built; the servers and their data templates stay in the cache folder
	rm -rf bin dist
