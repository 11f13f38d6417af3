# Serves the ladder's questions and answers on port 8000, as a user without rights.
#
#   docker build -t ladder-qa .
#   docker run --rm -p 127.0.0.1:8000:8000 -v ladder-qa-data:/data ladder-qa
#
# Documents of your own: -v /path/to/documents:/app/corpus:ro

FROM python:3.11-slim AS build
# A second index for torch alone: many indexes offer Linux builds with GPU libraries, ten times the
# size. Pass the address of PyTorch's CPU builds, which its installation page names:
#   docker build --build-arg TORCH_INDEX=… -t ladder-qa .
ARG TORCH_INDEX=
WORKDIR /app
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY constraints.txt .
# torch first, in a layer of its own: without it, other packages would draw in its newest build.
RUN pip install -c constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} torch==2.13.0
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip install -c constraints.txt .

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 --shell /usr/sbin/nologin ladder \
    && mkdir /app /data && chown ladder:ladder /data
COPY --from=build /opt/venv /opt/venv
COPY corpus /app/corpus
WORKDIR /app
# LADDER_QA_AUTH=open: nobody is asked who they are, and the server says so in a warning at its
# start. It is set here because a server that listens beyond loopback must be told its kind of
# check, and a container is reached from outside of itself only through a port that you publish:
# publish it on loopback, as above, or put `token` or `proxy` here before you publish it wider.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LADDER_QA_CORPUS=/app/corpus \
    LADDER_QA_DATA=/data \
    LADDER_QA_AUTH=open
USER ladder
# The index is built at the first start, from the documents that are then there, and is kept here.
VOLUME /data
EXPOSE 8000
# The start period covers building the index.
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["ladder-qa", "serve", "--host", "0.0.0.0", "--port", "8000"]
