# What the targets here do is what CI runs; nothing is hidden elsewhere.
#   make demo    the gateway and the simulator with 5,000 users
#   make test    installs what the tests need, then checks and tests everything
SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := build

TAGS     := duckdb_arrow
CACHE    := $(CURDIR)/.cache
BIN      := $(CURDIR)/bin
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -X main.version=$(VERSION)
GO       ?= go
# Tests, the program and the image leave out paths: what is compiled for one serves all.
export GOFLAGS := $(or $(GOFLAGS),-buildvcs=false) -trimpath
IMAGE    ?= pingone-gateway:$(VERSION)
# Nothing takes so long, but on a machine that is busy with much else.
PATIENCE := 1h
# Test packages of one run; narrow it as in: make unit PKG=./odata/...
PKG      ?= ./...
FUZZTIME ?= 20s

.PHONY: quick build demo python spark wheel test deps tools vet fmt lint unit race integration every-table oracle odata-clients changing reliability hostile charts kube-dry-run image-check vuln rules compat fuzz bench bench-odata docs image clean help

build: ## the gateway, in bin/
	$(GO) build -tags $(TAGS) -ldflags "$(LDFLAGS)" -o $(BIN)/gateway ./cmd/gateway

demo: build ## gateway and simulator, seeded, on loopback
	exec $(BIN)/gateway demo

test: deps vet lint unit race python charts rules image-check vuln ## everything; green means it can be released
	echo "all checks passed"

quick: ## what fails most often, in a minute or two: vet, and the tests of single packages
	$(GO) vet -tags $(TAGS) ./...
	$(GO) test -tags $(TAGS) -short $$($(GO) list -tags $(TAGS) ./... | grep -v -e /test/ -e /cmd/ -e /pingone/sim)

deps: ## what the tests need: a Redis server, psql, wrk, xmllint, promtool, the linter, helm
	scripts/install-test-deps.sh

tools: ## the pinned tools alone
	scripts/install-tools.sh

vet:
	$(GO) vet -tags $(TAGS) ./...
	test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt these files:"; gofmt -l $$(git ls-files '*.go'); exit 1; }

fmt: tools ## format the code
	$(CACHE)/tools/golangci-lint fmt

lint: tools
	$(CACHE)/tools/golangci-lint run ./...

unit: export PINGONE_GATEWAY_PROGRAM := $(BIN)/gateway
unit: build ## unit and integration tests; make vet has looked at them
	$(GO) test -vet=off -timeout $(PATIENCE) -tags $(TAGS) $(PKG)

# The race detector's run has the packages that, tests included, start goroutines, lock,
# send or serve; others meet goroutines in those that use them. It can't look into the
# engine's C++ code, nor into a program that tests start.
GOROUTINES := \bgo (func|[a-z])|"sync(/atomic)?"|errgroup|\bsafely\.|\bchan\b|"net/http/httptest"|gateway/internal/testkit"
RACES = $(shell comm -23 <(git -c safe.directory='*' grep -lE '$(GOROUTINES)' -- '*.go' | xargs dirname | sort -u) <(git -c safe.directory='*' grep -lF 'gateway/test/built"' -- '*.go' | xargs dirname | sort -u) | sed 's,^,./,')
LONGEST := ./test/integration# begins first, so that nothing waits for it at the end
race: RACED = $(or $(filter-out ./...,$(PKG)),$(LONGEST) $(filter-out $(LONGEST),$(RACES)))
race: ## the same, under the race detector, without the longest ones
	test -n "$(RACES)" || { echo "git lists no packages for the race detector"; exit 1; }
	$(GO) test -vet=off -timeout $(PATIENCE) -tags $(TAGS) -race -short $(RACED)

integration: ## the tests over a whole gateway alone
	$(GO) test -tags $(TAGS) ./test/...

every-table: ## the first rows of every table of the demo, in SQL and OData, and how long they take
	$(GO) test -tags $(TAGS) ./test/walks -run TestEveryTableOfTheDemo -count=1 -v -long

oracle: ## 20,000 random SQL statements against a database outside the gateway
	$(GO) test -tags $(TAGS) ./test/integration -run TestRandomSQL -count=1 -timeout 60m -v -long

same-changes: ## 3,600 random changes in SQL, over OData and by Ping's SDK, which must leave the same behind
	$(GO) test -tags $(TAGS) ./test/integration -run TestRandomChangesAreTheSame -count=1 -timeout 60m -v -long

changing: ## 300 readings of directories that change all the time, under a service as unkind as it may be
	$(GO) test -tags $(TAGS) ./test/changing ./pingone -run 'TestEveryRowOnce|TestScansOfAChangingDirectory' -count=1 -timeout 120m -v -long

reliability: ## the long form of the tests that break whole processes: the numbers of docs/reliability.md
	$(GO) test -tags $(TAGS) ./test/reliability -skip TestHostileStatements -count=1 -timeout 20m -v -long

hostile: ## ten minutes of statements that try to harm the service: the numbers of docs/security.md
	$(GO) test -tags $(TAGS) ./test/reliability -run TestHostileStatements -count=1 -timeout 40m -v -long

python: build ## the Python package against the gateway, with SQLAlchemy 2 and 1.4
	scripts/test-python.sh
	scripts/build-wheel.sh

wheel: build ## the Python package with the program in it, for this system, in dist/
	scripts/build-wheel.sh

odata-clients: ## UI5, odata2ts, Olingo, python-odata and Power Query's requests against the gateway
	scripts/install-odata-clients.sh
	$(GO) test -tags $(TAGS) -timeout 20m ./test/odataclients

spark: ## Spark's JDBC source against the demo; installs 400 MB the first time
	scripts/install-python.sh spark
	$(GO) test -tags $(TAGS) ./test/clients -run TestSpark -count=1 -timeout 20m -v -spark

charts: tools ## the Helm chart and the compose file
	scripts/check-chart.sh

kube-dry-run: ## the chart against a real kube-apiserver, compiled the first time (minutes)
	scripts/kube-dry-run.py

image-check: ## the image's binary as its user on a read-only root, without a container engine
	scripts/check-image.sh

vuln: ## known vulnerabilities of the dependencies; needs vuln.go.dev or GOVULNDB
	scripts/check-vulnerabilities.sh

rules: ## alert rules and dashboard
	scripts/check-monitoring.sh

fuzz: ## every fuzz target for FUZZTIME
	FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

bench: build ## the first tables of docs/benchmarks.md
	$(GO) run -tags $(TAGS) ./bench

bench-odata: ## the package odata beside other OData servers, which it installs
	scripts/install-odata-peers.sh
	$(GO) run ./bench -parts odata

docs: ## rewrite the generated documentation
	$(GO) test ./internal/config ./metrics ./test/docs -run 'Generated|Documentation|Current' -update
	scripts/chart-readme.py

image: ## container image
	docker build --build-arg VERSION=$(VERSION) -t $(IMAGE) .

clean:
	rm -rf $(BIN) dist $(CACHE)

help:
	grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'
