# Needs Python 3.11, its venv module and make. After the first run nothing here needs the network.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
STORE_DIR ?= store
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest

# Compiled modules start twice as fast; some images switch them off.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test check peers soak demo bench docs clean

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

# Ports that are taken are named and moved here; in a shop they end the start.
run: .venv/run.stamp ## a shop with the demo data, its devices and a head office, all on this machine
	CHAIRSIDE_DEVELOPMENT="$${CHAIRSIDE_DEVELOPMENT:-true}" $(BIN)/chairside run --demo --store-dir $(STORE_DIR)

test: .venv/dev.stamp ## every test but those of peers and soak; as root installs the browser and fonts they need
	@$(call need,chromium,chromium)
	@$(call need_font)
	$(PYTEST) -n 2 -m "not peer and not soak"

check: .venv/dev.stamp ## format, lint, types, import contracts, size budgets, docs in step
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) tests/test_architecture.py tests/test_docs.py

peers: .venv/dev.stamp ## the tests against independent programs; a missing one or a skipped test is a failure
	@$(call need,mosquitto,mosquitto)
	@$(call need,upsd,nut-server nut-client)
	@$(call need,snmpd,snmpd)
	@$(call need,snmpbulkwalk,snmp)
	@$(call need,ippeveprinter,cups-ipp-utils)
	@$(call need,avahi-daemon,avahi-daemon)
	@$(call need,avahi-browse,avahi-utils)
	@$(call need,dbus-daemon,dbus)
	@$(call need,pdftoppm,poppler-utils)
	@$(call need,tshark,tshark)
	@$(call need,npm,npm)
	@$(call need,unshare,util-linux)
	@$(call need,ip,iproute2)
	@test -x /lib/nut/snmp-ups || { $(call apt,nut-snmp); }
	@/usr/bin/python3 -c 'import dbm.gnu, ensurepip' 2> /dev/null || { $(call apt,python3-gdbm python3-venv); }
	mkdir -p build/peers
	test -x build/peers/snmpsim/bin/pip || /usr/bin/python3 -m venv build/peers/snmpsim
	build/peers/snmpsim/bin/pip install -q --disable-pip-version-check snmpsim==1.2.2 snmpsim-data==1.0.1
	npm install --silent --no-save --prefix build/peers zpl-renderer-js@3.4.0 receiptio@2.1.2 receiptline@4.0.4
	$(PYTEST) -m peer | tee build/peers.log
	@! grep -E '[0-9]+ skipped' build/peers.log

soak: .venv/dev.stamp ## the full written counts; seeds and output stay in build/soak.log
	@$(call need,chromium,chromium)
	mkdir -p build
	$(PYTEST) -n 2 -rP -m "soak and not real_time" --hypothesis-show-statistics | tee build/soak.log
	$(PYTEST) -s -m real_time | tee -a build/soak.log

demo: .venv/dev.stamp ## one customer's visit through a real browser; pictures in build/demo
	@$(call need,chromium,chromium)
	@$(call need_font)
	mkdir -p build/demo
	PICTURES_DIR=$(CURDIR)/build/demo $(PYTEST) -m journey tests/journeys

bench: .venv/dev.stamp ## one table of figures; build/bench.json
	@$(call need,chromium,chromium)
	mkdir -p build
	$(BIN)/python tests/bench/run.py

docs: .venv/dev.stamp ## writes the pages that are made from the code: settings, events
	$(BIN)/python -m tests.test_docs

clean: ## removes what these commands made, but no shop's data
	rm -rf build .venv .uv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The development environment holds all of the other one, so it serves both.
.venv/dev.stamp: requirements/dev.txt .uv/bin/uv
	$(call install,requirements/dev.txt)
	touch .venv/run.stamp $@

.venv/run.stamp: requirements/run.txt .uv/bin/uv
	$(call install,requirements/run.txt)
	touch $@

.uv/bin/uv: requirements/uv.txt
	$(PYTHON) -m venv .uv
	.uv/bin/pip install -q --disable-pip-version-check --require-hashes -r $<
	touch $@

# Exactly what is locked, by hash, compiled; then the command `chairside`, which finds this folder from anywhere.
define install
	test -x $(BIN)/python || .uv/bin/uv venv -q --python "$(PYTHON)" .venv
	.uv/bin/uv pip sync --system-certs --python .venv --require-hashes --compile-bytecode $(1)
	echo "$(CURDIR)" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/chairside.pth"
	printf '#!%s\nfrom provisioning.cli import app\n\napp()\n' "$(CURDIR)/$(BIN)/python" > $(BIN)/chairside
	chmod +x $(BIN)/chairside
endef

# $(1) is a program, $(2) the Debian package it is in.
define need
	PATH="$$PATH:/usr/sbin" command -v $(1) > /dev/null || { $(call apt,$(2)); }
endef

define need_font
	fc-list 2> /dev/null | grep -q 'Noto Sans CJK' || { $(call apt,fontconfig fonts-noto-cjk); }
endef

define apt
	[ "$$(id -u)" = 0 ] || { echo "$(1) is missing: install it, or run this as root" >&2; exit 1; }; \
	apt-get update -q && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -q -y --no-install-recommends $(1)
endef
