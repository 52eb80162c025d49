from django.db import migrations, models


class Migration(migrations.Migration):
    """The counter of case numbers comes down from challenges; its table stays where it is."""

    dependencies = [("registry", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="CaseCounter",
                    fields=[
                        ("year", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                        ("last", models.PositiveIntegerField(default=0)),
                    ],
                    options={"db_table": "challenges_casecounter"},
                )
            ]
        )
    ]
