from django.db import migrations


class Migration(migrations.Migration):
    """The counter of case numbers moved to the registry; its table stays where it is."""

    dependencies = [("challenges", "0001_initial"), ("registry", "0002_casecounter")]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name="CaseCounter")])
    ]
