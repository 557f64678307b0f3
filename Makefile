# Two commands are enough on a fresh machine: `make demo` and `make test`.
# Both install what is missing (apt packages are printed first) and end by themselves.

export GOTOOLCHAIN = local

GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# A release names the runtime packs that it was tested with, as HOST/REPOSITORY@sha256:…
LDFLAGS   = -s -w -X main.version=$(VERSION) \
	$(if $(PYTHON_RUNTIME),-X main.pythonRuntime=$(PYTHON_RUNTIME)) \
	$(if $(JAVASCRIPT_RUNTIME),-X main.javascriptRuntime=$(JAVASCRIPT_RUNTIME))
# grpcnotrace keeps gRPC's tracing pages out: they call methods by name, so that the linker must keep every method there
# is, a quarter of the binary. TAGS=kms adds the clients of key services, TAGS=policylang CUE and Rego; a release has
# both in wpk-full.
TAGS     ?=
comma    := ,
ALL_TAGS  = runners,grpcnotrace$(TAGS:%=$(comma)%)
# Where Go has a race detector on Linux.
RACE     ?= $(if $(filter amd64 arm64 ppc64le s390x,$(shell $(GO) env GOARCH)),-race)
TESTFLAGS ?=

# The architectures whose runner is embedded: every linux/* child of a universal image.
RUNNER_ARCHES = amd64 arm64 riscv64 s390x ppc64le arm 386 loong64 mips64le
RUNNERS       = $(RUNNER_ARCHES:%=smoke/runner/embedded/linux_%.zst)
RUNNER_SOURCE = go.mod go.sum $(shell find cmd/wpk-runner smoke/engine -name '*.go' ! -name '*_test.go' 2>/dev/null)

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: runners ## build bin/wpk with the runners embedded (TAGS=kms,policylang: as wpk-full)
	CGO_ENABLED=0 $(GO) build -tags $(ALL_TAGS) -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/wpk ./cmd/wpk

.PHONY: runners
runners: $(RUNNERS) ## cross-build the runners that smoke starts under emulators

smoke/runner/embedded/%.zst: bin/runners/% scripts/compress-runners/main.go
	$(GO) run ./scripts/compress-runners smoke/runner/embedded $<

# Stripped of paths and build ids: the same source gives the same runner anywhere.
bin/runners/linux_%: $(RUNNER_SOURCE)
	CGO_ENABLED=0 GOOS=linux GOARCH=$* GOARM=7 \
		$(GO) build -trimpath -buildvcs=false -ldflags '-s -w -buildid=' -o $@ ./cmd/wpk-runner

.PRECIOUS: bin/runners/linux_%

.PHONY: demo
demo: ## set up, build, then: compile, sign, smoke on seven architectures, push, verify, pull, run
	scripts/setup.sh demo
	$(MAKE) --no-print-directory build
	scripts/runtimes.sh >/dev/null
	scripts/demo.sh

# Real programs of others, which the tests build.
FIXTURES = gojq yq sqlite3 ziglang zlib docker-registry sqlite xz expat tinyxml2 lua wasi-sysroot rust-wasip1 rust-app hexyl

# A whole Sigstore on loopback, see internal/wpktest/sigstore: some twelve minutes of a processor, once.
SIGSTORE = fulcio rekor-server rekor-server-posix ct_server trillian-memory timestamp-memory cosign2 cosign3

.PHONY: test-setup
test-setup: runners
	scripts/setup.sh test
	scripts/tools.sh crane oras registry regctl containerd containerd-shim-runc-v2 $(SIGSTORE) >/dev/null
	scripts/fixtures.sh $(FIXTURES) >/dev/null
	scripts/npm.sh internal/wpktest/npm/* >/dev/null
	scripts/sbom-validators.sh >/dev/null
	scripts/cargo-tools.sh wasm-tools wkg >/dev/null || [ $$? = 3 ]
	scripts/runtimes.sh >/dev/null
	scripts/consumers.sh >/dev/null || [ $$? = 3 ]

# These compile and run interpreters of many megabytes, which the race detector
# slows down tenfold; what they drive is tested with it in its own package.
UNRACED = /cmd/wpk$$|/build/runtimepack$$|/wpktest/(interop|consumers|signing)$$

# vet without stdmethods: the Seek of wazero's File has a shape of its own.
# -count=1: many tests start programs, whose changes go's test cache cannot see.
.PHONY: test
test: test-setup ## set up, then run all tests with real registries and real programs
	$(GO) vet -stdmethods=false ./...
	$(GO) test $(RACE) -count=1 -timeout 20m $(TESTFLAGS) $$($(GO) list ./... | grep -vE '$(UNRACED)')
	$(GO) test -count=1 -timeout 60m $(TESTFLAGS) $$($(GO) list ./... | grep -E '$(UNRACED)')

# Not part of test: the clients of four clouds take minutes to compile.
.PHONY: test-full
test-full: ## what wpk-full has beside: key services, against Vault's transit engine, and policy languages
	WPK_TRANSIT=$$(scripts/tools.sh transit)/transit && export WPK_TRANSIT && \
		$(GO) test -count=1 -tags kms,policylang,grpcnotrace ./internal/sigstore ./verify/policy

.PHONY: runtimes
runtimes: ## the runtime packs of Python and JavaScript, once, into the user's cache
	scripts/setup.sh test
	scripts/runtimes.sh >/dev/null

.PHONY: interop
interop: test-setup ## only real programs through real registries and clients, to real consumers
	$(GO) test -count=1 -v -timeout 60m $(TESTFLAGS) ./internal/wpktest/interop ./internal/wpktest/consumers ./internal/wpktest/signing

.PHONY: lint
lint: ## golangci-lint (import rules, gofumpt), shellcheck, go.mod
	scripts/setup.sh lint
	PATH="$$(scripts/tools.sh golangci-lint):$$PATH" golangci-lint run ./...
	shellcheck scripts/*.sh .ci/run
	$(GO) mod tidy -diff

.PHONY: fuzz
fuzz: ## every fuzz test for 10 s (FUZZTIME=1m for longer)
	scripts/fuzz.sh

.PHONY: bench
bench: ## a table of ratios: against crane, against go build, of the smoke matrix
	scripts/setup.sh bench
	$(MAKE) --no-print-directory build
	scripts/bench.sh

.PHONY: table
table: runners ## measure a sample of each language, and put the table into README.md
	scripts/setup.sh test
	mkdir -p bin
	WPK_TABLE=$(CURDIR)/bin/languages.md $(GO) test -count=1 -run TestLanguages ./internal/wpktest/interop
	scripts/insert.sh languages README.md

.PHONY: consumers
consumers: runners ## run every layout on real consumers (as root), and put the table into README.md
	scripts/setup.sh test
	scripts/tools.sh crane registry containerd containerd-shim-runc-v2 >/dev/null
	scripts/consumers.sh >/dev/null
	mkdir -p bin
	rm -f bin/consumers.md
	CI=true WPK_CONSUMERS=$(CURDIR)/bin/consumers.md $(GO) test -count=1 -run TestConsumers ./internal/wpktest/consumers
	scripts/insert.sh consumers README.md

.PHONY: cover
cover: ## test coverage of each package, and bin/cover.html
	mkdir -p bin
	$(GO) test -short -coverprofile=bin/cover.out -coverpkg=./... ./...
	$(GO) tool cover -html=bin/cover.out -o bin/cover.html
	$(GO) tool cover -func=bin/cover.out | tail -n 1

.PHONY: completions
completions: ## shell completions into bin/completions, for packages
	mkdir -p bin/completions
	$(GO) build -tags grpcnotrace -o bin/completions/.wpk ./cmd/wpk
	for shell in bash zsh fish powershell; do \
		bin/completions/.wpk completion $$shell >bin/completions/wpk.$$shell || exit 1; done
	rm -f bin/completions/.wpk

.PHONY: clean
clean: ## remove what a build makes (the caches of tools and fixtures stay)
	rm -rf bin dist smoke/runner/embedded/*.zst
