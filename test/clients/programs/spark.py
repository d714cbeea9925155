"""Spark's JDBC source with partitions, against the address given; its driver is the first argument."""
import sys

from pyspark.sql import SparkSession

driver, address = sys.argv[1:]
spark = (SparkSession.builder.master("local[2]").config("spark.driver.extraClassPath", driver)
         .config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false").config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1").getOrCreate())
options = {"url": f"jdbc:postgresql://{address}/pingone", "user": "anna", "sslmode": "disable", "driver": "org.postgresql.Driver", "fetchsize": "100"}
users = spark.read.format("jdbc").options(**options).option("dbtable", '"Users"').load()
assert dict(users.dtypes)["IsEnabled"] == "boolean" and dict(users.dtypes)["CreatedAt"] == "timestamp", users.dtypes
assert users.count() == 300
assert users.filter("Username = 'ada.admin'").select("Username").collect()[0][0] == "ada.admin"
parts = spark.read.format("jdbc").options(**options).options(
    dbtable='(SELECT "Username", "CreatedAt" FROM "Users") AS u', partitionColumn="CreatedAt", numPartitions="4",
    lowerBound="2021-01-01 00:00:00", upperBound="2025-01-01 00:00:00").load()
assert parts.rdd.getNumPartitions() == 4 and parts.count() == 300
by_year = {row[0]: row[1] for row in parts.groupBy(parts.CreatedAt.substr(1, 4)).count().collect()}
assert sum(by_year.values()) == 300 and len(by_year) > 1, by_year
spark.stop()
print("ok")
