"""A small project whose second manager only hands the first one on."""

TABLE = (
    '[tool.redis-ssot]\nmanager = "app.redis_manager"\ninstance = "redis_manager"\n'
    'forbidden-managers = ["app.db.redis_manager"]\n'
)
FILES = {
    "pyproject.toml": TABLE,
    "app/__init__.py": "",
    "app/redis_manager.py": "import redis\n\nredis_manager = redis.Redis()\n",
    "app/db/__init__.py": "",
    "app/db/redis_manager.py": "from app.redis_manager import redis_manager\n",
    "app/jobs.py": "import redis\n\nclient = redis.Redis()\n",
    "app/old.py": "from app.db.redis_manager import redis_manager\n\nredis_manager.get('key')\n",
}
