# Lightbox for a team: docs/DEPLOY.md. Builds with the package index alone; runs as a user without
# rights, and writes to /data and /tmp only.
FROM python:3.12-slim
RUN useradd --uid 10001 --home-dir /data --no-create-home lightbox
WORKDIR /app
ARG RAY=
COPY requirements.lock requirements-team.txt requirements-ray.txt ./
RUN python -m pip install --no-cache-dir --require-hashes -r requirements.lock \
 && python -m pip install --no-cache-dir -r requirements-team.txt ${RAY:+-r requirements-ray.txt} \
 && if [ -n "$RAY" ]; then apt-get update && apt-get install -y --no-install-recommends wget; fi
COPY . .
RUN python -m compileall -q app.py core pages && mkdir -m 700 /data && chown lightbox /data
USER lightbox
ENV HOME=/data LIGHTBOX_HOME=/data/lightbox LIGHTBOX_ROOTS=/data/photos KERAS_HOME=/data/keras \
    NUMBA_CACHE_DIR=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD \
  ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["python", "app.py"]
