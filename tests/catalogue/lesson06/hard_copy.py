"""Answers to 06.5."""

import copy

import torch

from tests.catalogue import Answers


class Deep:
    """The model that the others below change in one place."""

    def __init__(self, online, every):
        self.online, self.every, self.count = online, every, 0
        self.network = copy.deepcopy(online)
        for parameter in self.network.parameters():
            parameter.requires_grad = False

    def due(self):
        return self.count % self.every == 0

    def renew(self):
        self.network.load_state_dict(self.online.state_dict())

    def after_update(self):
        self.count += 1
        if self.due():
            self.renew()


class CountsDown:
    """A new deep copy each time; a count that runs down."""

    def __init__(self, online, every):
        self.source, self.every = online, every
        self._copy()

    def _copy(self):
        self.left = self.every
        self.network = copy.deepcopy(self.source).eval().requires_grad_(False)

    def after_update(self):
        self.left -= 1
        if not self.left:
            self._copy()


class Loops(Deep):
    @torch.no_grad()
    def renew(self):
        for mine, theirs in zip(self.network.parameters(), self.online.parameters()):
            mine.copy_(theirs)


class FreshWeights(Deep):
    def __init__(self, online, every):
        super().__init__(online, every)
        for parameter in self.network.parameters():
            torch.nn.init.normal_(parameter)


class Alias(Deep):
    def __init__(self, online, every):
        super().__init__(online, every)
        self.network = online


class Shallow(Deep):
    def __init__(self, online, every):
        super().__init__(online, every)
        self.network = copy.copy(online)


class AliasLater(Deep):
    def renew(self):
        self.network = self.online


class DataAliasLater(Deep):
    def renew(self):
        for mine, theirs in zip(self.network.parameters(), self.online.parameters()):
            mine.data = theirs.data


class Backwards(Deep):
    def renew(self):
        self.online.load_state_dict(self.network.state_dict())


class FreezesOnline(Deep):
    def __init__(self, online, every):
        super().__init__(online.requires_grad_(False), every)


class FirstSnapshot(Deep):
    def __init__(self, online, every):
        super().__init__(online, every)
        self.snapshot = {name: 2 * weight for name, weight in online.state_dict().items()}

    def renew(self):
        self.network.load_state_dict(self.snapshot)


class OneCallOld(Deep):
    """Copies what the online network was in the call before."""

    def __init__(self, online, every):
        super().__init__(online, every)
        self.last = copy.deepcopy(online.state_dict())

    def after_update(self):
        self.count += 1
        if self.due():
            self.network.load_state_dict(self.last)
        self.last = copy.deepcopy(self.online.state_dict())


class Always(Deep):
    def after_update(self):
        self.renew()


class Remainder(Deep):
    def due(self):
        return self.count % self.every or self.every == 1


class DeepCopyOfItself(Deep):
    def renew(self):
        self.network.load_state_dict(self.network.state_dict())


class NeverCounts(Deep):
    def after_update(self):
        count = 0
        count += 1
        if self.every > 1 and count % self.every == 0:
            self.renew()


class OwnCopyOfOnline(Deep):
    """Follows a network that nobody trains."""

    def __init__(self, online, every):
        super().__init__(copy.deepcopy(online), every)


class LocalName(Deep):
    def renew(self):
        network = copy.deepcopy(self.online)
        network.requires_grad_(False)


class Half(Deep):
    @torch.no_grad()
    def renew(self):
        for mine, theirs in zip(self.network.parameters(), self.online.parameters()):
            mine.lerp_(theirs, 0.5)


class CountsUp(Deep):
    """A right one: the weights in a list, the count set back."""

    def renew(self):
        torch.nn.utils.vector_to_parameters(torch.nn.utils.parameters_to_vector(self.online.parameters()).detach().clone(),
                                            self.network.parameters())
        self.count = 0


class Once(Deep):
    def due(self):
        return self.count == self.every


class CountsFromZero(Deep):
    def after_update(self):
        if self.due():
            self.renew()
        self.count += 1


class OneLate(Deep):
    def after_update(self):
        self.count += 1
        if self.count > self.every:
            self.renew()
            self.count = 0


class OneEarly(Deep):
    def due(self):
        return (self.count + 1) % self.every == 0


class FromThenOn(Deep):
    def due(self):
        return self.count >= self.every


class AsksForGradients(Deep):
    def __init__(self, online, every):
        self.online, self.every, self.count = online, every, 0
        self.network = copy.deepcopy(online)


class AsksAgain(Deep):
    def renew(self):
        self.network = copy.deepcopy(self.online)


class ClassCount(Deep):
    total = 0

    def __init__(self, online, every):
        super().__init__(online, every)
        ClassCount.total = 0

    def after_update(self):
        ClassCount.total += 1
        if ClassCount.total % self.every == 0:
            self.renew()


class ClassCountForEver(Deep):
    """The count stands in the class, and no new object sets it back."""

    total = 0

    def after_update(self):
        type(self).total += 1
        if type(self).total % self.every == 0:
            self.renew()


SHARED = {"updates": 0}


class GlobalCount(Deep):
    def after_update(self):
        SHARED["updates"] += 1
        if SHARED["updates"] % self.every == 0:
            self.renew()


class GlobalCountDown(Deep):
    left = []

    def __init__(self, online, every):
        super().__init__(online, every)
        self.left.append(every)

    def after_update(self):
        self.left[0] -= 1
        if self.left[0] <= 0:
            self.renew()
            self.left[0] = self.every


ANSWERS = Answers(
    right=[Deep, CountsDown, Loops, CountsUp],
    wrong=[
        ("the copy starts from other weights", FreshWeights),
        ("the copy is the online network itself", Alias),
        ("the copy is the online network itself", Shallow),
        ("after the first copy the two are one network", AliasLater),
        ("after the first copy the two are one network", DataAliasLater),
        ("the online network is changed by the copy", Backwards),
        ("the online network cannot learn any more", FreezesOnline),
        ("what is copied is not what the online network is now", FirstSnapshot),
        ("what is copied is not what the online network is now", OneCallOld),
        ("what is copied is not what the online network is now", Half),
        ("it copies after every update", Always),
        ("it copies in all updates but the right ones", Remainder),
        ("no copy is ever made", DeepCopyOfItself),
        ("no copy is ever made", NeverCounts),
        ("no copy is ever made", OwnCopyOfOnline),
        ("no copy is ever made", LocalName),
        ("only the first copy is made", Once),
        ("the copies come in the wrong updates", CountsFromZero),
        ("the copies come in the wrong updates", OneLate),
        ("the copies come in the wrong updates", OneEarly),
        ("the copies come in the wrong updates", FromThenOn),
        ("the copy still asks for gradients", AsksForGradients),
        ("the copy still asks for gradients", AsksAgain),
        ("two copies share one count", ClassCount),
        ("two copies share one count", ClassCountForEver),
        ("two copies share one count", GlobalCount),
        ("two copies share one count", GlobalCountDown),
    ],
)
