"""Tables of industry chains (产业链): data sets, industries, product nodes, relations, firms, links."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import City, Organisation
from langqiao.apps.registry.models.base import Readable
from langqiao.kit.models import Stamped

NAME_AT_MOST = 200


class ChainDataset(Stamped):
    """One body of chain data with its source (产业链数据集).

    A data set without ``base`` brings industries, products and relations of its own. One with a
    ``base`` is a table of a few firms (企业自有表格) laid over it: its products are linked to the
    nodes of the base.
    """

    slug = models.SlugField(_("代号"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=NAME_AT_MOST)
    base = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="overlays",
        verbose_name=_("所依数据集"),
    )  # fmt: skip
    is_public = models.BooleanField(_("公开"), default=True)
    illustrative = models.BooleanField(_("示例"), default=False)
    source_name = models.CharField(_("来源"), max_length=NAME_AT_MOST, blank=True)
    source_url = models.CharField(_("来源地址"), max_length=500, blank=True)
    source_date = models.DateField(_("来源日期"), null=True, blank=True)
    licence = models.CharField(_("许可"), max_length=NAME_AT_MOST, blank=True)
    # Open data hands out only what its licence lets pass on.
    may_be_passed_on = models.BooleanField(_("可再分发"), default=False)
    version = models.CharField(_("版本"), max_length=80)
    digest = models.CharField(_("摘要（SM3）"), max_length=64)
    # Raised by every load and every correction of a link: graphs kept in memory are of one revision.
    revision = models.PositiveIntegerField(_("修订号"), default=1)
    loaded_at = models.DateTimeField(_("导入时间"))

    class Meta:
        ordering = ["illustrative", "slug"]
        verbose_name = _("产业链数据集")
        verbose_name_plural = _("产业链数据集")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Address of the data set's page."""
        return reverse("chain_dataset", args=[self.slug])


class ChainReport(models.Model):
    """What became of every row of the last load (导入报告); apart from the data set, for it is long."""

    dataset = models.OneToOneField(ChainDataset, on_delete=models.CASCADE, related_name="told")
    report = models.JSONField(_("导入报告"), default=dict, blank=True, encoder=Readable)

    class Meta:
        verbose_name = _("产业链导入报告")
        verbose_name_plural = _("产业链导入报告")

    def __str__(self) -> str:
        return str(self.dataset)


class ChainIndustry(models.Model):
    """An industry of the data set's classification (产业), with its tier and parent."""

    dataset = models.ForeignKey(ChainDataset, on_delete=models.CASCADE, related_name="industries")
    code = models.CharField(_("产业代码"), max_length=20)
    name = models.CharField(_("产业名称"), max_length=NAME_AT_MOST)
    tier = models.PositiveSmallIntegerField(_("层级"))
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="children",
        verbose_name=_("上级产业"),
    )  # fmt: skip
    firm_count = models.PositiveIntegerField(_("企业数"), default=0)
    corridor_count = models.PositiveIntegerField(_("九城企业数"), default=0)

    class Meta:
        ordering = ["code"]
        verbose_name = _("产业")
        verbose_name_plural = _("产业")
        constraints = [models.UniqueConstraint(fields=["dataset", "code"], name="chain_industry_once")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Address of the industry's chain map."""
        return reverse("chain_map", args=[self.pk])


class ChainUpstream(models.Model):
    """How much an industry draws on another (上游产业权重); the weight has no unit in the source."""

    industry = models.ForeignKey(ChainIndustry, on_delete=models.CASCADE, related_name="upstreams")
    upstream = models.ForeignKey(ChainIndustry, on_delete=models.CASCADE, related_name="downstreams")
    weight = models.FloatField(_("权重"))

    class Meta:
        ordering = ["-weight", "id"]
        verbose_name = _("上游产业")
        verbose_name_plural = _("上游产业")
        constraints = [models.UniqueConstraint(fields=["industry", "upstream"], name="chain_upstream_once")]


class ChainNode(models.Model):
    """A product of the product graph (产品节点)."""

    dataset = models.ForeignKey(ChainDataset, on_delete=models.CASCADE, related_name="nodes")
    name = models.CharField(_("产品"), max_length=NAME_AT_MOST)

    class Meta:
        ordering = ["name"]
        verbose_name = _("产品节点")
        verbose_name_plural = _("产品节点")
        constraints = [models.UniqueConstraint(fields=["dataset", "name"], name="chain_node_once")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Address of the node's evidence."""
        return reverse("chain_node", args=[self.pk])


class ChainRelation(models.Model):
    """A relation between two products, as the source states it (产品关系)."""

    class Kind(models.TextChoices):
        MATERIAL = "material", _("上游材料")
        VARIETY = "variety", _("产品小类")
        DOWNSTREAM = "downstream", _("下游产品")

    dataset = models.ForeignKey(ChainDataset, on_delete=models.CASCADE, related_name="relations")
    kind = models.CharField(_("关系"), max_length=10, choices=Kind.choices)
    head = models.ForeignKey(ChainNode, on_delete=models.CASCADE, related_name="outgoing")
    tail = models.ForeignKey(ChainNode, on_delete=models.CASCADE, related_name="incoming")

    class Meta:
        verbose_name = _("产品关系")
        verbose_name_plural = _("产品关系")
        constraints = [
            models.UniqueConstraint(fields=["head", "tail", "kind"], name="chain_relation_once"),
        ]


class ChainFirm(models.Model):
    """A firm of the data set (企业); the registry's record of it is ``organisation``, where there is one."""

    class Placed(models.TextChoices):
        """How the city was decided (城市依据)."""

        STATED = "stated", _("数据写明")
        REGISTRY = "registry", _("名录登记的城市")
        STARTS = "starts", _("注册名称以地名开头")
        BRACKET = "bracket", _("注册名称括号内的地名")
        CONTAINS = "contains", _("注册名称含地名")
        ELSEWHERE = "elsewhere", _("注册名称指向九城以外")
        PROVINCE = "province", _("注册名称只写了省份")
        UNKNOWN = "unknown", _("注册名称未写地名")

    dataset = models.ForeignKey(ChainDataset, on_delete=models.CASCADE, related_name="firms")
    code = models.CharField(_("企业代码"), max_length=80)
    name = models.CharField(_("简称"), max_length=NAME_AT_MOST)
    full_name = models.CharField(_("全称"), max_length=NAME_AT_MOST, blank=True)
    other_names = models.JSONField(_("其他名称"), default=list, blank=True, encoder=Readable)
    exchange = models.CharField(_("上市地"), max_length=80, blank=True)
    listed_on = models.DateField(_("上市日期"), null=True, blank=True)
    industry = models.ForeignKey(
        ChainIndustry, on_delete=models.SET_NULL, null=True, blank=True, related_name="firms",
        verbose_name=_("产业"),
    )  # fmt: skip
    city = models.ForeignKey(
        City, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("城市")
    )
    placed = models.CharField(_("城市依据"), max_length=10, choices=Placed.choices, default=Placed.UNKNOWN)
    place = models.CharField(_("名称中的地名"), max_length=40, blank=True)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.SET_NULL, null=True, blank=True, related_name="chain_firms",
        verbose_name=_("名录机构"),
    )  # fmt: skip

    class Meta:
        ordering = ["code"]
        verbose_name = _("产业链企业")
        verbose_name_plural = _("产业链企业")
        constraints = [models.UniqueConstraint(fields=["dataset", "code"], name="chain_firm_once")]

    def __str__(self) -> str:
        return self.full_name or self.name or self.code

    def get_absolute_url(self) -> str:
        """Address of the firm's page in the chain."""
        return reverse("chain_firm", args=[self.pk])


class ChainLink(models.Model):
    """Which node a firms' product name means (产品归类), how surely, and who decided.

    One name is linked once for all firms that use it. ``certainty`` is the estimated chance (0 to 1)
    that the link is right; a person's decision outweighs it.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待核实")
        CONFIRMED = "confirmed", _("已确认")
        REJECTED = "rejected", _("已否定")

    dataset = models.ForeignKey(ChainDataset, on_delete=models.CASCADE, related_name="links")
    name = models.CharField(_("产品名称"), max_length=NAME_AT_MOST)
    node = models.ForeignKey(
        ChainNode, on_delete=models.SET_NULL, null=True, blank=True, related_name="links",
        verbose_name=_("产品节点"),
    )  # fmt: skip
    certainty = models.FloatField(_("可信度"), default=0)
    how = models.CharField(_("归类方法"), max_length=20, blank=True)
    # Firms' products of this name; 0 for figures of the accounts, which are no products.
    uses = models.PositiveIntegerField(_("使用企业数"), default=0)
    evidence = models.JSONField(_("依据"), default=dict, blank=True, encoder=Readable)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.PROPOSED)
    reason = models.CharField(_("理由"), max_length=500, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("核实时间"), null=True, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("产品归类")
        verbose_name_plural = _("产品归类")
        constraints = [
            models.UniqueConstraint(fields=["dataset", "name"], name="chain_link_once"),
            models.CheckConstraint(
                condition=Q(certainty__gte=0, certainty__lte=1), name="chain_link_certainty"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Address of the link's evidence."""
        return reverse("chain_link", args=[self.pk])


class ChainProduct(models.Model):
    """A product of a firm with its share of the firm's revenue (企业产品).

    ``share`` is kept as the source states it: offsets between divisions are negative, and a share of
    revenue before offsets may exceed 1.
    """

    firm = models.ForeignKey(ChainFirm, on_delete=models.CASCADE, related_name="products")
    name = models.CharField(_("产品名称"), max_length=NAME_AT_MOST)
    share = models.FloatField(_("收入占比"), null=True, blank=True)
    # 平衡项目, 分部间抵销: figures of the accounts, not products.
    is_balance = models.BooleanField(_("抵销项"), default=False)
    link = models.ForeignKey(
        ChainLink, on_delete=models.CASCADE, related_name="products", verbose_name=_("产品归类")
    )

    class Meta:
        ordering = [F("share").desc(nulls_last=True), "id"]
        verbose_name = _("企业产品")
        verbose_name_plural = _("企业产品")
        constraints = [
            models.UniqueConstraint(fields=["firm", "name", "share"], name="chain_product_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def percent(self) -> float | None:
        """The share of revenue in percent."""
        return None if self.share is None else 100 * self.share


class ChainTie(models.Model):
    """One firm supplies another (供货关系), as a firm's own table says; the product where it is known."""

    dataset = models.ForeignKey(ChainDataset, on_delete=models.CASCADE, related_name="ties")
    supplier = models.ForeignKey(ChainFirm, on_delete=models.CASCADE, related_name="supplies")
    customer = models.ForeignKey(ChainFirm, on_delete=models.CASCADE, related_name="supplied_by")
    product = models.CharField(_("产品名称"), max_length=NAME_AT_MOST, blank=True)
    share = models.FloatField(_("占比"), default=1.0)

    class Meta:
        verbose_name = _("供货关系")
        verbose_name_plural = _("供货关系")
        constraints = [
            models.UniqueConstraint(fields=["supplier", "customer", "product"], name="chain_tie_once"),
            models.CheckConstraint(condition=~Q(supplier=F("customer")), name="chain_tie_two_firms"),
        ]
