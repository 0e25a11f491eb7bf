# The two main commands: 'make chat' runs Footnote on the documents in seeds/, 'make test' runs the tests.
# Both install what is missing; the second time they start within seconds.

PYTHON ?= python3
# A package index with the CPU build of PyTorch, if the default one serves the CUDA build.
TORCH_INDEX ?=
ARGS ?=
# Other models, by their names in 'footnote models list': make chat EMBEDDER=multilingual-e5-small.
GENERATOR :=
EMBEDDER :=
RERANKER :=

VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT=$(CURDIR)/requirements.lock $(BIN)/python -m pip

# llama.cpp for this processor's instructions, without the parts Footnote doesn't use (tools, server, images, HTTPS, its
# 'common' library). The binding turns the common library on; a variable set this early takes precedence.
CORES := $(shell nproc 2>/dev/null || echo 2)
export CMAKE_BUILD_PARALLEL_LEVEL ?= $(CORES)
# Without AMX: some virtual machines announce it but lose its registers, and llama.cpp crashes with SIGILL.
NO_AMX := $(shell $(CC) -mno-amx-int8 -x c -c /dev/null -o /dev/null 2>/dev/null && echo -mno-amx-int8)
export CMAKE_ARGS ?= -DCMAKE_PROJECT_llama_cpp_INCLUDE=$(CURDIR)/$(VENV)/llama.cmake -DGGML_NATIVE=ON -DLLAVA_BUILD=OFF \
	-DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_SERVER=OFF \
	$(if $(NO_AMX),-DCMAKE_C_FLAGS=$(NO_AMX) -DCMAKE_CXX_FLAGS=$(NO_AMX)) -DLLAMA_OPENSSL=OFF -DLLAMA_ALL_WARNINGS=OFF -DGGML_ALL_WARNINGS=OFF

# An index can only be searched with the model that embedded it, so each model has its own index.
ifneq ($(GENERATOR),)
export FOOTNOTE_GENERATOR := $(GENERATOR)
endif
ifneq ($(RERANKER),)
export FOOTNOTE_RERANKER := $(RERANKER)
endif
ifneq ($(EMBEDDER),)
export FOOTNOTE_EMBEDDER := $(EMBEDDER)
export FOOTNOTE_INDEX := index/$(EMBEDDER)
endif

.PHONY: chat widget-demo test test-all eval bench setup check clean

chat: $(VENV)/ready
	@echo "== Models: the embedder, the language model and the reranker, if any"
	@$(BIN)/footnote models pull
	@echo "== Documents: seeds/ into $(or $(FOOTNOTE_INDEX),index)/"
	@$(if $(wildcard seeds/*),$(BIN)/footnote ingest seeds,echo "   There are none yet. Add some in the chat.")
	@echo "== Chat: stop it with Ctrl-C"
	@$(BIN)/footnote serve $(ARGS)

# The chat and its API on port 7860, and a page with the widget on port 7861, which is another origin.
widget-demo: $(VENV)/ready
	@$(BIN)/footnote models pull
	@$(BIN)/footnote ingest seeds
	@$(BIN)/footnote widget demo $(ARGS)

# Two processes, whole files in each, in the order of tests/conftest.py: the longest first.
SPREAD := -n 2 --dist loadfile --no-loadscope-reorder
test: SPREAD += -m "not slow"

# 'make test' leaves out what is slow by nature; 'make test-all' runs that too. With ARGS both run what it selects.
test test-all: $(VENV)/ready-to-test check
	@echo "== Models: the embedder and the language models that the tests use"
	@$(BIN)/footnote models pull all-MiniLM-L6-v2 qwen2.5-coder-1.5b-instruct smollm2-135m-instruct
	@echo "== Tests"
	@$(BIN)/python -m pytest $(or $(ARGS),$(SPREAD))

check: $(VENV)/ready-to-test
	@echo "== Style and types"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy

# Ask and score every test question about the seeds (half an hour), write the report, check the gate.
eval: $(VENV)/ready
	@$(BIN)/footnote models pull
	@$(BIN)/footnote eval run $(ARGS)
	@$(BIN)/footnote eval report
	@$(BIN)/footnote eval gate build/eval/latest

# Measure the speed of an answer, compared with plain use of the same libraries (ARGS=--quick takes minutes).
bench: $(VENV)/ready
	@$(BIN)/footnote models pull
	@$(BIN)/footnote bench $(ARGS)

setup: $(VENV)/ready

$(VENV)/ready: requirements.lock pyproject.toml
	@echo "== Environment: $(VENV), with the versions of requirements.lock"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet --upgrade pip
	@echo "== PyTorch, CPU build"
	@$(PIP) install $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch==2.13.0
	@echo 'set(LLAMA_BUILD_COMMON OFF)' > $(VENV)/llama.cmake
	@echo "== llama.cpp, compiled for this processor (a few minutes, once)"
	@date +%s > $(VENV)/llama.begin
	@$(PIP) install llama-cpp-python
	@echo "   took $$(( $$(date +%s) - $$(cat $(VENV)/llama.begin) )) s"
	@echo "== Everything else"
	@$(PIP) install --editable .
	@touch $@

$(VENV)/ready-to-test: $(VENV)/ready
	@echo "== What the tests need"
	@$(PIP) install --editable '.[test]'
	@touch $@

clean:
	rm -rf $(VENV)
